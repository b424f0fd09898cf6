-- Storyboard, preview and renditions are made after a video plays, from what plays. Each belongs to the attempt that
-- published it, and is shown only while that one's result is played.
ALTER TABLE videos
    ADD COLUMN published_attempt  BIGINT UNSIGNED NULL AFTER published_at,
    -- Since when everything is to be derived; empty once it is, or was given up.
    ADD COLUMN derive_asked_at    DATETIME(3) NULL AFTER published_attempt,
    ADD COLUMN storyboard_attempt BIGINT UNSIGNED NULL AFTER derive_asked_at,
    ADD COLUMN hls_attempt        BIGINT UNSIGNED NULL AFTER storyboard_attempt,
    ADD KEY videos_to_derive (derive_asked_at);
