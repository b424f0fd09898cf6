ALTER TABLE videos
    -- Since when it lies in its owner's bin: out of everybody's sight, and whole.
    ADD COLUMN binned_at DATETIME(3) NULL AFTER swept_at,
    ADD KEY videos_binned (binned_at);
