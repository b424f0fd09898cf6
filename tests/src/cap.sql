-- What `make import` reads of a Cap, with the types that Cap gives it.
CREATE TABLE users (
    id VARCHAR(15) NOT NULL PRIMARY KEY, name VARCHAR(255), lastName VARCHAR(255), email VARCHAR(255) NOT NULL UNIQUE,
    image VARCHAR(255), preferences JSON, activeOrganizationId VARCHAR(15), defaultOrgId VARCHAR(15),
    stripeSubscriptionId VARCHAR(255), created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE auth_api_keys (
    id VARCHAR(36) NOT NULL PRIMARY KEY, userId VARCHAR(15) NOT NULL, source VARCHAR(32) NOT NULL DEFAULT 'unknown',
    createdAt TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE agent_api_keys (
    id VARCHAR(15) NOT NULL PRIMARY KEY, tokenHash VARCHAR(64) NOT NULL UNIQUE, userId VARCHAR(15) NOT NULL,
    name VARCHAR(255), scopes JSON, expiresAt TIMESTAMP NULL, revokedAt TIMESTAMP NULL, lastUsedAt TIMESTAMP NULL,
    createdAt TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE organizations (
    id VARCHAR(15) NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, ownerId VARCHAR(15) NOT NULL, settings JSON,
    allowedEmailDomain VARCHAR(255), customDomain VARCHAR(255), tombstoneAt TIMESTAMP NULL,
    createdAt TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE spaces (id VARCHAR(15) NOT NULL PRIMARY KEY, organizationId VARCHAR(15) NOT NULL, password TEXT);
CREATE TABLE space_videos (
    id VARCHAR(15) NOT NULL PRIMARY KEY, spaceId VARCHAR(15) NOT NULL, videoId VARCHAR(15) NOT NULL
);
CREATE TABLE shared_videos (
    id VARCHAR(15) NOT NULL PRIMARY KEY, videoId VARCHAR(15) NOT NULL, organizationId VARCHAR(15) NOT NULL
);
CREATE TABLE folders (id VARCHAR(15) NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL);
CREATE TABLE videos (
    id VARCHAR(15) NOT NULL PRIMARY KEY, ownerId VARCHAR(15) NOT NULL, orgId VARCHAR(15), name VARCHAR(255) NOT NULL,
    bucket VARCHAR(15), storageIntegrationId VARCHAR(15), duration FLOAT, width INT, height INT, fps INT,
    metadata JSON, public BOOLEAN NOT NULL DEFAULT TRUE, settings JSON, transcriptionStatus VARCHAR(255), source JSON,
    folderId VARCHAR(15), password TEXT, isScreenshot BOOLEAN NOT NULL DEFAULT FALSE,
    createdAt TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    effectiveCreatedAt DATETIME GENERATED ALWAYS AS
        (STR_TO_DATE(JSON_UNQUOTE(JSON_EXTRACT(metadata, '$.customCreatedAt')), '%Y-%m-%dT%H:%i:%s.%fZ')) STORED
);
CREATE TABLE comments (
    id VARCHAR(15) NOT NULL PRIMARY KEY, type VARCHAR(6) NOT NULL, content TEXT NOT NULL, timestamp FLOAT,
    authorId VARCHAR(15) NOT NULL, videoId VARCHAR(15) NOT NULL, parentCommentId VARCHAR(15),
    createdAt TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, KEY comments_by_video (videoId)
);
CREATE TABLE video_uploads (video_id VARCHAR(15) NOT NULL PRIMARY KEY, phase VARCHAR(32));
-- Of a version that nobody here knows.
CREATE TABLE whiteboards (id INT NOT NULL PRIMARY KEY)
