-- What the `cap` command signs in with is an API key that ends, and that may do less than its owner.
ALTER TABLE api_keys
    -- Names with spaces between them; empty for keys that may do all that keys may.
    ADD COLUMN scopes VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN expires_at DATETIME(3) NULL,
    ADD KEY api_keys_expired (expires_at);

-- Codes that the command exchanges for such a key, once.
CREATE TABLE agent_codes (
    code_hash   BINARY(32) NOT NULL PRIMARY KEY,
    user_id     CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- What the verifier's hash must be, and the port that the code was sent to.
    challenge   CHAR(43) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    port        SMALLINT UNSIGNED NOT NULL,
    scopes      VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- The key that was made with it: whoever shows the code again ends that one.
    token_hash  BINARY(32) NULL,
    expires_at  DATETIME(3) NOT NULL,
    KEY agent_codes_expired (expires_at),
    CONSTRAINT agent_codes_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- Which video an upload was begun for, so that asking again begins no second one.
CREATE TABLE agent_uploads (
    user_id     CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    key_hash    BINARY(32) NOT NULL,
    body_hash   BINARY(32) NOT NULL,
    video_id    CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    expires_at  DATETIME(3) NOT NULL,
    PRIMARY KEY (user_id, key_hash),
    KEY agent_uploads_expired (expires_at),
    CONSTRAINT agent_uploads_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- The one code of a mailbox that signs a program in. It is gone with its first try.
CREATE TABLE mobile_codes (
    email       VARCHAR(254) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    code_hash   BINARY(32) NOT NULL,
    expires_at  DATETIME(3) NOT NULL,
    KEY mobile_codes_expired (expires_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
