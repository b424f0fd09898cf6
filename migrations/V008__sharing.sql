ALTER TABLE videos
    -- Whoever has one of its links may watch; otherwise its owner alone.
    ADD COLUMN is_public BOOLEAN NOT NULL DEFAULT TRUE AFTER name;

ALTER TABLE share_links
    -- argon2id as a PHC string, which says its own parameters.
    ADD COLUMN password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER video_id,
    ADD COLUMN expires_at DATETIME(3) NULL AFTER password_hash,
    ADD COLUMN is_on BOOLEAN NOT NULL DEFAULT TRUE AFTER expires_at;
