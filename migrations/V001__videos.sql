CREATE TABLE users (
    id          CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    email       VARCHAR(254) NOT NULL UNIQUE,
    name        VARCHAR(255) NULL,
    created_at  DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3))
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- A key is 36 characters shown once; what is kept is its SHA-256.
CREATE TABLE api_keys (
    key_hash    BINARY(32) NOT NULL PRIMARY KEY,
    user_id     CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    source      VARCHAR(32) NOT NULL,
    created_at  DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
    CONSTRAINT api_keys_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE videos (
    id              CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    owner_id        CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name            VARCHAR(255) NOT NULL,
    status          ENUM('uploading', 'processing', 'ready', 'failed') NOT NULL DEFAULT 'uploading',
    failure_reason  VARCHAR(500) NULL,
    -- True when the same upload may succeed if it is tried again.
    failure_retryable BOOLEAN NOT NULL DEFAULT FALSE,
    -- The fence: the highest attempt that has written this row. Older ones may not.
    attempt         BIGINT UNSIGNED NOT NULL DEFAULT 0,
    -- What is being played, which stays while a newer upload is processed.
    published_at    DATETIME(3) NULL,
    duration_ms     BIGINT UNSIGNED NULL,
    width           INT UNSIGNED NULL,
    height          INT UNSIGNED NULL,
    fps             DOUBLE NULL,
    size_bytes      BIGINT UNSIGNED NULL,
    created_at      DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
    updated_at      DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
    -- When an owner last asked to upload a video again; empty once that upload is being published.
    reupload_asked_at DATETIME(3) NULL,
    swept_at        DATETIME(3) NULL,
    -- Kept for a while after deletion, so that a late upload of the video is recognised and removed.
    deleted_at      DATETIME(3) NULL,
    KEY videos_by_owner (owner_id, deleted_at, created_at, id),
    KEY videos_to_sweep (status, swept_at),
    KEY videos_asked (reupload_asked_at),
    KEY videos_deleted (deleted_at),
    CONSTRAINT videos_owner FOREIGN KEY (owner_id) REFERENCES users (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE share_links (
    short_code  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    video_id    CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at  DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
    KEY share_links_by_video (video_id),
    CONSTRAINT share_links_video FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
