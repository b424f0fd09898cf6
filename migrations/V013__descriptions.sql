ALTER TABLE videos
    -- What its owner says of it, below the title.
    ADD COLUMN description VARCHAR(2000) NOT NULL DEFAULT '' AFTER name;
