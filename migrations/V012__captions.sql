-- What is said in a recording: WebVTT of the one shape that is stored. Its version is a hash of it.
CREATE TABLE captions (
    video_id    CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    language    VARCHAR(35) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version     CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    cues        INT UNSIGNED NOT NULL,
    vtt         MEDIUMTEXT NOT NULL,
    updated_at  DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
    CONSTRAINT captions_video FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- Whoever may watch may save the file as well.
ALTER TABLE videos
    ADD COLUMN downloads_on BOOLEAN NOT NULL DEFAULT FALSE AFTER is_public;
