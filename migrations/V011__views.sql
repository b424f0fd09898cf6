-- How often a video was watched, day by day (UTC). DynamoDB counts; these rows take over what it has counted and stay. Whoever
-- watches counts once a day, so days add up; nothing here says who it was.
CREATE TABLE video_views (
    video_id    CHAR(15) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    day         DATE NOT NULL,
    viewers     INT UNSIGNED NOT NULL DEFAULT 0,
    plays       INT UNSIGNED NOT NULL DEFAULT 0,
    -- Plays that got as far: a quarter, half, three quarters, as good as all.
    reached_25  INT UNSIGNED NOT NULL DEFAULT 0,
    reached_50  INT UNSIGNED NOT NULL DEFAULT 0,
    reached_75  INT UNSIGNED NOT NULL DEFAULT 0,
    reached_95  INT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (video_id, day),
    CONSTRAINT video_views_video FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
