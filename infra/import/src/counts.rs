//! What Capstan has no place for: counted, so that whoever moves knows.

use crate::{app::ImportError, cap::Cap, report::Report};

/// Table, a column that it must have if any, which rows, and what they are.
const KINDS: [(&str, &str, &str, &str); 29] = [
    ("folders", "", "TRUE", "folders"),
    ("spaces", "", "TRUE", "spaces"),
    ("space_members", "", "TRUE", "memberships of spaces"),
    ("space_videos", "", "TRUE", "videos in spaces"),
    ("shared_videos", "", "TRUE", "videos shared with organisations"),
    (
        "organizations",
        "",
        "TRUE",
        "organisations (their owners have one of their own here, which is called like the first)",
    ),
    ("organization_members", "", "TRUE", "memberships of organisations"),
    ("organization_invites", "", "TRUE", "invitations"),
    ("organizations", "customDomain", "customDomain IS NOT NULL AND customDomain <> ''", "domains of organisations"),
    ("organizations", "iconUrl", "iconUrl IS NOT NULL AND iconUrl <> ''", "pictures of organisations"),
    ("notifications", "", "TRUE", "notifications"),
    ("comments", "type", "type NOT IN ('text', 'emoji')", "comments that were spoken or filmed"),
    ("accounts", "", "TRUE", "logins with Google, Apple or WorkOS (they go on with a mail's code)"),
    ("users", "stripeSubscriptionId", "stripeSubscriptionId IS NOT NULL", "subscriptions with Stripe"),
    ("videos", "storageIntegrationId", "storageIntegrationId IS NOT NULL", "videos in Google Drive"),
    ("videos", "bucket", "bucket IS NOT NULL", "videos in a bucket of their owner's"),
    ("s3_buckets", "", "TRUE", "buckets of people's own"),
    ("storage_integrations", "", "TRUE", "connections with Google Drive"),
    ("storage_objects", "", "TRUE", "objects in Google Drive"),
    ("video_edits", "", "TRUE", "edits of recordings (what came of them is taken)"),
    ("videos", "folderId", "folderId IS NOT NULL", "places of videos in folders"),
    ("videos", "metadata", "JSON_EXTRACT(metadata, '$.summary') IS NOT NULL", "summaries"),
    ("videos", "metadata", "JSON_EXTRACT(metadata, '$.chapters') IS NOT NULL", "chapters"),
    ("imported_videos", "", "TRUE", "notes of what was imported from Loom"),
    ("integration_installations", "", "TRUE", "connections with Slack"),
    ("signed_baas", "", "TRUE", "signed agreements"),
    ("agent_api_operations", "", "TRUE", "operations of the agent API"),
    ("agent_api_idempotency", "", "TRUE", "answers of the agent API"),
    ("agent_api_authorization_codes", "", "TRUE", "codes of the agent API"),
];

/// Tables of which everything is taken, or nothing is worth it.
const SEEN: [&str; 9] = [
    "users",
    "videos",
    "comments",
    "auth_api_keys",
    "agent_api_keys",
    // What is going on just now, sessions and logins: they begin anew.
    "video_uploads",
    "sessions",
    "verification_tokens",
    "__drizzle_migrations",
];

pub(crate) async fn count(cap: &mut Cap, report: &mut Report) -> Result<(), ImportError> {
    for (table, column, of, name) in KINDS {
        let many = cap.count(table, column, of).await?;
        report.not_taken(name, many);
    }
    // Tables of another version, and those that belong to the SDK and to messengers.
    for table in cap.tables() {
        if !SEEN.contains(&table.as_str()) && !KINDS.iter().any(|(known, ..)| *known == table) {
            let many = cap.count(&table, "", "TRUE").await?;
            report.not_taken(format!("rows of the table {table}"), many);
        }
    }
    Ok(())
}
