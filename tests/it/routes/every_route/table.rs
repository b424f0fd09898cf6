//! Every route of the system, in the order of template.yaml, and whom it lets in.

use super::route::{
    Route,
    Thing::{Key, Session, Video},
    caller, page_of_account, public, signed_in,
};

/// Who may do what. A test holds this to template.yaml, in both directions.
pub(super) const ROUTES: &[Route] = &[
    // Login. Nobody is signed in yet, so these are public; what changes something wants the browser's own token.
    public("GET /login", 200),
    public("GET /verify-otp", 200).query("email=ada@example.test"),
    public("GET /api/auth/csrf", 200),
    public("GET /api/auth/providers", 200),
    public("GET /api/auth/session", 200).exactly("{}"),
    public("GET /api/auth/signin", 302),
    public("POST /api/auth/signin/email", 403).fields(r#"{"email":"ada@example.test"}"#),
    public("GET /api/auth/callback/email", 403).query("email=ada@example.test&token=123456"),
    public("POST /api/auth/callback/email", 403).fields(r#"{"email":"ada@example.test","token":"123456"}"#),
    public("POST /api/auth/signout", 200).fields("{}"),
    // The desktop's sign-in. Only a person makes keys: a key that could would outlive its being revoked.
    page_of_account("GET /api/desktop/session/request").query("type=api_key&port=53124&platform=web"),
    signed_in("POST /api/desktop/session/request").fields(r#"{"type":"api_key","port":53124,"platform":"web"}"#),
    // The account's pages. The first one only leads to the second.
    public("GET /dashboard", 302),
    page_of_account("GET /dashboard/settings/account"),
    // Keys and sessions. A program may take keys back, and look at where its person is signed in.
    caller("GET /api/settings/keys"),
    signed_in("POST /api/settings/keys").fields(r#"{"name":"A key"}"#),
    caller("DELETE /api/settings/keys/{id}").about(Key),
    caller("POST /api/settings/keys/{id}/revoke").about(Key),
    caller("GET /api/settings/sessions"),
    signed_in("DELETE /api/settings/sessions"),
    signed_in("POST /api/settings/sessions/end"),
    signed_in("DELETE /api/settings/sessions/{id}").about(Session),
    signed_in("POST /api/settings/sessions/{id}/end").about(Session),
    // Uploads. The contract has 403 where the clients' own server tells somebody else's video from a missing one.
    caller("GET /api/desktop/video/create")
        .about(Video)
        .foreign(403)
        .changes()
        .query("recordingMode=desktopMP4&videoId=ID"),
    caller("POST /api/upload/signed")
        .about(Video)
        .foreign(403)
        .json(r#"{"videoId":"ID","subpath":"result.mp4","method":"put"}"#),
    caller("POST /api/upload/multipart/initiate").about(Video).json(r#"{"videoId":"ID","contentType":"video/mp4"}"#),
    caller("POST /api/upload/multipart/presign-part")
        .about(Video)
        .json(r#"{"videoId":"ID","uploadId":"x","partNumber":1}"#),
    caller("POST /api/upload/multipart/complete").about(Video).json(
        r#"{"videoId":"ID","uploadId":"x","parts":[{"partNumber":1,"etag":"00000000000000000000000000000000"}]}"#,
    ),
    caller("POST /api/upload/multipart/abort").about(Video).json(r#"{"videoId":"ID","uploadId":"x"}"#),
    caller("POST /api/upload/recording-complete").about(Video).json(r#"{"videoId":"ID"}"#),
    // Videos.
    caller("GET /api/v1/caps"),
    caller("GET /api/v1/caps/{id}").about(Video),
    caller("GET /api/v1/caps/{id}/status").about(Video),
    caller("PATCH /api/v1/caps/{id}").about(Video).json(r#"{"title":"Mine now"}"#),
    caller("DELETE /api/v1/caps/{id}").about(Video),
    caller("DELETE /api/desktop/video/delete").about(Video).query("videoId=ID"),
    caller("DELETE /api/video/delete").about(Video).query("videoId=ID"),
    // One's own account. Only a person deletes it, and says which.
    caller("GET /api/settings/user"),
    caller("POST /api/settings/user/name").fields(r#"{"name":"Mine now"}"#),
    caller("POST /api/settings/user/avatar").json(r#"{"contentType":"image/png","size":100}"#),
    caller("POST /api/settings/user/avatar/complete"),
    caller("POST /api/settings/user/avatar/remove"),
    signed_in("POST /api/settings/user/delete").fields(r#"{"email":"ada@example.test"}"#),
    // Health, without a word about anybody.
    public("GET /api/status", 200),
    // Share pages and what they play: public on purpose, for whoever has the link.
    public("GET /s/{code}", 200).about(Video),
    public("HEAD /s/{code}", 200).about(Video),
    public("GET /api/playlist", 302).about(Video).query("videoId=ID&videoType=mp4"),
    public("HEAD /api/playlist", 302).about(Video).query("videoId=ID&videoType=mp4"),
    public("GET /api/thumbnail", 200).about(Video).query("videoId=ID"),
    public("GET /api/video/preview", 302).about(Video).query("videoId=ID"),
    public("HEAD /api/video/preview", 302).about(Video).query("videoId=ID"),
    public("GET /api/video/storyboard", 200).about(Video).query("videoId=ID"),
    public("HEAD /api/video/storyboard", 200).about(Video).query("videoId=ID"),
];
