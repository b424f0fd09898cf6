//! Every route of the system, in the order of template.yaml, and whom it lets in.

use super::route::{
    Route,
    Thing::{Key, Organization, Session, Video},
    caller, page_of_account, program, public, signed_in, viewer,
};

/// What the cap command opens a browser with.
const CLI_QUERY: &str = "client_id=cap-cli&redirect_uri=http://127.0.0.1:53124/callback&response_type=code\
    &state=0123456789012345678901234567890123456789012&code_challenge=0123456789012345678901234567890123456789012\
    &code_challenge_method=S256&scope=caps:read";
/// The same as the page sends it when its button is pressed.
const CLI_FIELDS: &str = r#"{"client_id":"cap-cli","redirect_uri":"http://127.0.0.1:53124/callback",
    "response_type":"code","state":"0123456789012345678901234567890123456789012",
    "code_challenge":"0123456789012345678901234567890123456789012","code_challenge_method":"S256",
    "scope":"caps:read","decision":"allow"}"#;

/// Who may do what. A test holds this to template.yaml, in both directions.
pub(super) const ROUTES: &[Route] = &[
    // Login. Nobody is signed in yet, so these are public; what changes something wants the browser's own token.
    public("GET /login", 200),
    public("GET /signup", 302),
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
    // The sign-in of the cap command. Its code and what proves who asked for it are all that a token is made for.
    page_of_account("GET /cli/authorize").query(CLI_QUERY),
    signed_in("POST /cli/authorize").fields(CLI_FIELDS),
    program("POST /api/v1/auth/token", 400).fields(r#"{"code":"x","codeVerifier":"x","redirectUri":"x"}"#),
    caller("GET /api/v1/auth/status"),
    caller("POST /api/v1/auth/revoke"),
    // The sign-in of programs by a code from a mail.
    public("GET /api/mobile/session/config", 200)
        .exactly(r#"{"appleAuthAvailable":false,"googleAuthAvailable":false,"workosAuthAvailable":false}"#),
    program("POST /api/mobile/session/email/request", 400).fields(r#"{"email":"nobody"}"#),
    program("POST /api/mobile/session/email/verify", 400).fields(r#"{"email":"ada@example.test","code":"x"}"#),
    caller("POST /api/mobile/session/revoke"),
    // The account's pages. The first one only leads to the second.
    public("GET /dashboard", 302),
    page_of_account("GET /dashboard/settings/account"),
    // Keys and sessions. A program sees itself alone, and takes back itself alone.
    caller("GET /api/settings/keys"),
    signed_in("POST /api/settings/keys").fields(r#"{"name":"A key"}"#),
    caller("DELETE /api/settings/keys/{id}").about(Key).itself(),
    caller("POST /api/settings/keys/{id}/revoke").about(Key).itself(),
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
    caller("POST /api/upload/signed/batch")
        .about(Video)
        .foreign(403)
        .json(r#"{"videoId":"ID","subpaths":["result.mp4"]}"#),
    caller("POST /api/upload/multipart/initiate").about(Video).json(r#"{"videoId":"ID","contentType":"video/mp4"}"#),
    caller("POST /api/upload/multipart/presign-part")
        .about(Video)
        .json(r#"{"videoId":"ID","uploadId":"x","partNumber":1}"#),
    caller("POST /api/upload/multipart/parts").about(Video).json(r#"{"videoId":"ID","uploadId":"x"}"#),
    caller("POST /api/upload/multipart/complete").about(Video).json(
        r#"{"videoId":"ID","uploadId":"x","parts":[{"partNumber":1,"etag":"00000000000000000000000000000000"}]}"#,
    ),
    caller("POST /api/upload/multipart/abort").about(Video).json(r#"{"videoId":"ID","uploadId":"x"}"#),
    caller("POST /api/upload/recording-complete").about(Video).json(r#"{"videoId":"ID"}"#),
    caller("POST /api/v1/uploads")
        .json(r#"{"fileName":"x.mp4","contentType":"video/mp4","contentLength":1,"title":null}"#)
        .idempotent(),
    caller("POST /api/v1/uploads/{id}/complete").about(Video).json(r#"{"rawFileKey":"x","contentLength":1}"#),
    // Videos.
    caller("GET /api/v1/caps"),
    caller("GET /api/v1/caps/{id}").about(Video),
    caller("GET /api/v1/caps/{id}/status").about(Video),
    caller("GET /api/v1/caps/{id}/context").about(Video),
    caller("GET /api/v1/analytics").about(Video).query("capId=ID&range=30d"),
    caller("GET /api/dashboard/analytics").about(Video).query("capId=ID"),
    caller("GET /api/v1/caps/{id}/download").about(Video),
    caller("PATCH /api/v1/caps/{id}").about(Video).json(r#"{"title":"Mine now"}"#),
    caller("DELETE /api/v1/caps/{id}").about(Video),
    // Who may watch them.
    caller("GET /api/videos/{id}/sharing").about(Video),
    caller("PATCH /api/videos/{id}/sharing").about(Video).json(r#"{"public":false}"#),
    caller("POST /api/videos/{id}/links").about(Video).fields(r#"{"password":"let me in"}"#),
    caller("PATCH /api/videos/{id}/links/{code}").about(Video).fields(r#"{"on":false}"#),
    caller("DELETE /api/videos/{id}/links/{code}").about(Video),
    // What is said in them.
    caller("PUT /api/videos/{id}/captions").about(Video).fields("WEBVTT\n\n00:01.000 --> 00:02.000\nMine now"),
    caller("PATCH /api/videos/{id}/captions")
        .about(Video)
        .json(r#"{"version":"x","edits":[{"index":0,"text":"Mine now"}]}"#),
    caller("DELETE /api/videos/{id}/captions").about(Video),
    caller("GET /api/v1/caps/{id}/transcript").about(Video),
    caller("PUT /api/v1/caps/{id}/transcript").about(Video).fields("WEBVTT\n\n00:01.000 --> 00:02.000\nMine now"),
    caller("GET /api/video/transcribe/status").about(Video).query("videoId=ID"),
    page_of_account("GET /dashboard/caps/{id}/captions").about(Video),
    caller("POST /dashboard/caps/{id}/captions").about(Video).fields(r#"{"change":"remove"}"#),
    // What is said of them, by whoever may watch. The bodies say nothing.
    viewer("POST /api/v1/caps/{id}/comments").about(Video).json(r#"{"content":""}"#),
    viewer("POST /api/v1/caps/{id}/comments/{comment}/replies").about(Video).json(r#"{"content":""}"#),
    viewer("POST /api/v1/caps/{id}/reactions").about(Video).json(r#"{"content":"x"}"#),
    caller("DELETE /api/v1/caps/{id}/comments/{comment}").about(Video),
    caller("DELETE /api/video/comment/delete").about(Video).query("commentId=ID"),
    public("GET /api/videos/{id}/comments", 200).about(Video),
    viewer("POST /api/videos/{id}/comments").about(Video).fields(r#"{"content":""}"#),
    viewer("POST /api/videos/{id}/reactions").about(Video).fields(r#"{"content":"x"}"#),
    caller("PATCH /api/videos/{id}/comments/{comment}").about(Video).json(r#"{"content":"Mine now"}"#),
    caller("DELETE /api/videos/{id}/comments/{comment}").about(Video),
    caller("POST /api/videos/{id}/comments/{comment}/delete").about(Video),
    // What one is told of that, and wants to be told.
    caller("GET /api/notifications"),
    caller("GET /api/notifications/preferences"),
    caller("GET /api/v1/me/notifications"),
    caller("POST /api/v1/me/notifications/read").fields("{}"),
    caller("GET /api/v1/me/notification-preferences"),
    caller("PATCH /api/v1/me/notification-preferences").fields(r#"{"digest":"daily"}"#),
    page_of_account("GET /dashboard/notifications"),
    caller("POST /dashboard/notifications").fields("{}"),
    page_of_account("GET /dashboard/settings/notifications"),
    caller("POST /dashboard/settings/notifications").fields(r#"{"digest":"daily"}"#),
    // Whoever has a mail leaves by what its address proves.
    public("GET /unsubscribe", 403),
    public("POST /unsubscribe", 403),
    // Whose key it is, as the agent API tells it.
    caller("GET /api/v1/me"),
    caller("PATCH /api/v1/me").json(r#"{"name":"Mine now"}"#),
    caller("POST /api/v1/me/sign-out-all"),
    caller("GET /api/v1/organizations"),
    caller("GET /api/v1/organizations/{id}").about(Organization),
    caller("DELETE /api/desktop/video/delete").about(Video).query("videoId=ID"),
    caller("DELETE /api/video/delete").about(Video).query("videoId=ID"),
    // What Cap Desktop asks for beside its recordings. Some of it is answered alike whoever asks.
    caller("GET /api/desktop/plan"),
    caller("POST /api/desktop/subscribe").always(400),
    caller("GET /api/desktop/organizations"),
    caller("GET /api/desktop/org-custom-domain"),
    caller("GET /api/desktop/user/profile"),
    caller("GET /api/desktop/user/profile/image").always(404),
    caller("POST /api/desktop/video/progress")
        .about(Video)
        .json(r#"{"videoId":"ID","uploaded":1,"total":2,"updatedAt":"2026-01-31T12:00:00Z"}"#),
    caller("POST /api/desktop/feedback").fields(r#"{"feedback":"Good","os":"linux","version":"0.5.9"}"#),
    // Whoever cannot sign in sends a log too; without one it is refused.
    public("POST /api/desktop/logs", 400),
    caller("GET /api/desktop/s3/config/get"),
    caller("POST /api/desktop/s3/config").always(400),
    caller("POST /api/desktop/s3/config/test").always(400),
    caller("DELETE /api/desktop/s3/config/delete"),
    caller("GET /api/desktop/storage/integrations"),
    caller("POST /api/desktop/storage/set-active").json(r#"{"provider":"s3"}"#),
    caller("POST /api/desktop/storage/google-drive/connect").always(400),
    // Whoever comes back from Google has a browser and no key, and is told that nothing was done.
    public("GET /api/desktop/storage/google-drive/callback", 400),
    caller("POST /api/desktop/storage/google-drive/test").always(404),
    caller("DELETE /api/desktop/storage/google-drive/disconnect"),
    public("GET /api/currency", 200).exactly(r#"{"currency":"usd","country":null}"#),
    public("GET /api/desktop/currency", 200).exactly(r#"{"currency":"usd","country":null}"#),
    public("GET /api/changelog", 200).exactly("[]"),
    public("GET /api/changelog/status", 200).exactly(r#"{"hasUpdate":false}"#),
    public("HEAD /", 200).exactly(""),
    public("GET /", 302).exactly(""),
    // One's own account. Only a person deletes it, and says which.
    caller("GET /api/settings/user"),
    caller("POST /api/settings/user/name").fields(r#"{"name":"Mine now"}"#),
    caller("POST /api/settings/user/avatar").json(r#"{"contentType":"image/png","size":100}"#),
    caller("POST /api/settings/user/avatar/complete"),
    caller("POST /api/settings/user/avatar/remove"),
    signed_in("POST /api/settings/user/delete").fields(r#"{"email":"ada@example.test"}"#),
    // Pages of one's videos.
    // The library. What is thrown away there can be taken back; nobody else's is found.
    page_of_account("GET /dashboard/caps"),
    caller("GET /dashboard/caps/cards").query("ids=0123456789abcde"),
    page_of_account("GET /dashboard/caps/deleted"),
    caller("POST /dashboard/caps/{id}/title").about(Video).fields(r#"{"name":"Mine now"}"#),
    caller("POST /dashboard/caps/{id}/bin").about(Video).fields("{}"),
    caller("POST /dashboard/caps/{id}/restore").about(Video).fields("{}"),
    caller("POST /dashboard/caps/{id}/purge").about(Video).fields("{}"),
    page_of_account("GET /dashboard/caps/record"),
    page_of_account("GET /dashboard/caps/{id}").about(Video),
    caller("POST /dashboard/caps/{id}").about(Video).fields(r#"{"change":"details","name":"Mine now"}"#),
    // Whoever runs the server, and nobody else.
    page_of_account("GET /dashboard/settings/server").always(404),
    caller("GET /api/status/report").always(404),
    // Health and the list of these routes, without a word about anybody.
    public("GET /api/status", 200),
    public("GET /api/openapi.json", 200),
    public("GET /api/docs", 200),
    // Share pages and what they play: public on purpose, for whoever has the link.
    public("GET /s/{code}", 200).about(Video),
    public("HEAD /s/{code}", 200).about(Video),
    program("POST /s/{code}", 200).about(Video).fields(r#"{"password":"let me in"}"#),
    public("GET /embed/{code}", 200).about(Video),
    public("HEAD /embed/{code}", 200).about(Video),
    public("GET /api/oembed", 404).query("url=https://elsewhere.test/s/0123456789abcde"),
    // The segment of the path names no file, so there is none.
    public("GET /static/{file}", 404),
    public("HEAD /static/{file}", 404),
    public("GET /api/playlist", 302).about(Video).query("videoId=ID&videoType=mp4"),
    public("HEAD /api/playlist", 302).about(Video).query("videoId=ID&videoType=mp4"),
    public("GET /api/thumbnail", 200).about(Video).query("videoId=ID"),
    public("GET /api/video/og", 302).about(Video).query("videoId=ID"),
    public("GET /api/video/preview", 302).about(Video).query("videoId=ID"),
    public("HEAD /api/video/preview", 302).about(Video).query("videoId=ID"),
    public("GET /api/video/storyboard", 200).about(Video).query("videoId=ID"),
    public("HEAD /api/video/storyboard", 200).about(Video).query("videoId=ID"),
    public("GET /api/videos/{id}/captions", 200).about(Video),
    public("HEAD /api/videos/{id}/captions", 200).about(Video),
    // Until its owner lets it be downloaded.
    public("GET /api/videos/{id}/download", 403).about(Video),
    program("POST /api/analytics/track", 200)
        .about(Video)
        .json(r#"{"videoId":"ID","sessionId":"x"}"#)
        .exactly(r#"{"success":true}"#),
    public("GET /api/analytics", 200).about(Video).query("videoId=ID&range=30d").exactly(r#"{"count":0}"#),
];
