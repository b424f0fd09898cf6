-- An address is kept in lower case and ASCII, and compared byte by byte: what only looks alike is another mailbox.
ALTER TABLE users
    MODIFY COLUMN email VARCHAR(254) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- Last part of the picture's key in S3.
    ADD COLUMN avatar VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER name,
    -- The row of a deleted account stays, without address and name, until the last of its recordings is forgotten.
    ADD COLUMN deleted_at DATETIME(3) NULL,
    ADD KEY users_deleted (deleted_at);

-- Everybody has one, their own.
CREATE TABLE organizations (
    id          CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    owner_id    CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
    name        VARCHAR(255) NOT NULL,
    created_at  DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
    CONSTRAINT organizations_owner FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

INSERT INTO organizations (id, owner_id, name) SELECT id, id, 'My Organization' FROM users;

-- Keys and sessions are listed and ended by an id that follows from the hash, so that no list holds what signs in.
ALTER TABLE api_keys
    ADD COLUMN id CHAR(15) CHARACTER SET ascii COLLATE ascii_bin
        GENERATED ALWAYS AS (LOWER(LEFT(HEX(key_hash), 15))) STORED AFTER key_hash,
    ADD COLUMN name VARCHAR(100) NOT NULL DEFAULT '' AFTER user_id,
    -- To the day: using a key is not to cost a write.
    ADD COLUMN last_used_at DATETIME(3) NULL,
    ADD KEY api_keys_by_user (user_id, created_at);

CREATE TABLE sessions (
    token_hash      BINARY(32) NOT NULL PRIMARY KEY,
    id              CHAR(15) CHARACTER SET ascii COLLATE ascii_bin
                        GENERATED ALWAYS AS (LOWER(LEFT(HEX(token_hash), 15))) STORED,
    user_id         CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- What the browser called itself at login.
    device          VARCHAR(255) NOT NULL,
    created_at      DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
    -- To the day, with the end that follows from it.
    last_used_at    DATETIME(3) NOT NULL,
    expires_at      DATETIME(3) NOT NULL,
    KEY sessions_by_user (user_id, created_at),
    KEY sessions_expired (expires_at),
    CONSTRAINT sessions_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- A login that was asked for: hashes of what its mail carries, and of the browser that may use it.
CREATE TABLE verification_tokens (
    link_hash       BINARY(32) NOT NULL PRIMARY KEY,
    code_hash       BINARY(32) NOT NULL,
    browser_hash    BINARY(32) NOT NULL,
    email           VARCHAR(254) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- How many codes have been tried.
    tries           TINYINT UNSIGNED NOT NULL DEFAULT 0,
    expires_at      DATETIME(3) NOT NULL,
    KEY verification_tokens_by_browser (browser_hash, email),
    KEY verification_tokens_expired (expires_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
