ALTER TABLE videos
    -- Whoever may watch may comment, once they are signed in.
    ADD COLUMN comments_on BOOLEAN NOT NULL DEFAULT TRUE AFTER is_public,
    -- Grows with every change of the video's comments: whoever looks again learns from it alone that nothing is new.
    ADD COLUMN comments_version BIGINT UNSIGNED NOT NULL DEFAULT 0,
    -- Of those that are not deleted.
    ADD COLUMN comment_count INT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN reaction_count INT UNSIGNED NOT NULL DEFAULT 0;

CREATE TABLE comments (
    id          CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    video_id    CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Empty once the account is forgotten.
    author_id   CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- What it replies to, which is no reply itself.
    parent_id   CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NULL,
    thread_id   CHAR(15) CHARACTER SET ascii COLLATE ascii_bin GENERATED ALWAYS AS (COALESCE(parent_id, id)) STORED,
    type        ENUM('text', 'emoji') NOT NULL,
    content     TEXT NOT NULL,
    -- The moment of the video that it is about, in milliseconds.
    at_ms       INT UNSIGNED NULL,
    -- The video's version when it was written, which orders a video's comments, and when it last changed.
    number      BIGINT UNSIGNED NOT NULL,
    version     BIGINT UNSIGNED NOT NULL,
    created_at  DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
    edited_at   DATETIME(3) NULL,
    -- Its text is gone then. The row tells open pages, and keeps the place above replies.
    deleted_at  DATETIME(3) NULL,
    UNIQUE KEY comments_in_order (video_id, number),
    KEY comments_changed (video_id, version),
    KEY comments_by_thread (thread_id),
    KEY comments_by_author (author_id),
    CONSTRAINT comments_video FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE,
    CONSTRAINT comments_author FOREIGN KEY (author_id) REFERENCES users (id) ON DELETE SET NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE notifications (
    id           CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    recipient_id CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind         ENUM('comment', 'reply', 'reaction', 'view', 'anon_view') NOT NULL,
    video_id     CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Who did it, if they are anybody.
    actor_id     CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NULL,
    comment_id   CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- What it is told of once.
    dedup_key    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
    created_at   DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
    read_at      DATETIME(3) NULL,
    -- When a mail told of it.
    mailed_at    DATETIME(3) NULL,
    KEY notifications_of (recipient_id, created_at),
    KEY notifications_unread (recipient_id, read_at, mailed_at),
    KEY notifications_to_mail (mailed_at, read_at, created_at),
    KEY notifications_by_comment (comment_id),
    CONSTRAINT notifications_recipient FOREIGN KEY (recipient_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT notifications_actor FOREIGN KEY (actor_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT notifications_video FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE,
    CONSTRAINT notifications_comment FOREIGN KEY (comment_id) REFERENCES comments (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- Who has no row has the defaults.
CREATE TABLE notification_preferences (
    user_id          CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    pause_comments   BOOLEAN NOT NULL DEFAULT FALSE,
    pause_replies    BOOLEAN NOT NULL DEFAULT FALSE,
    pause_views      BOOLEAN NOT NULL DEFAULT FALSE,
    pause_reactions  BOOLEAN NOT NULL DEFAULT FALSE,
    pause_anon_views BOOLEAN NOT NULL DEFAULT FALSE,
    digest           ENUM('immediately', 'daily', 'never') NOT NULL DEFAULT 'immediately',
    -- When a mail was last begun.
    mailed_at        DATETIME(3) NULL,
    CONSTRAINT notification_preferences_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
