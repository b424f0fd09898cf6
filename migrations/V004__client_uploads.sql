ALTER TABLE videos
    -- A screenshot is shown as it is, not played; nothing is derived from it.
    ADD COLUMN kind ENUM('recording', 'screenshot') NOT NULL DEFAULT 'recording' AFTER name,
    -- How far the client says that the newest upload is. It is shown, and decides nothing.
    ADD COLUMN upload_bytes   BIGINT UNSIGNED NULL AFTER reupload_asked_at,
    ADD COLUMN upload_total   BIGINT UNSIGNED NULL AFTER upload_bytes,
    -- When it said so, by its own clock: microseconds since 1970.
    ADD COLUMN upload_told_at BIGINT NULL AFTER upload_total;
