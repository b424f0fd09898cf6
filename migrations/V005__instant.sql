-- What a client has said that it uploads: one file, as the desktop records it or as anything else, or segments while it
-- records.
ALTER TABLE videos
    ADD COLUMN source ENUM('file', 'desktopMP4', 'desktopSegments') NOT NULL DEFAULT 'file' AFTER name;
