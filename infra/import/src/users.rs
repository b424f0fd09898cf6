//! People: accounts, pictures, what they want to be told.

use common::{
    db::{
        imports::{self, Kind, NewUser, TakenUser},
        notifications::Preferences,
        users,
    },
    email::Email,
    ids::{OrganizationId, PictureId, UserId},
    objects::{Serving, keys},
    picture::{PictureType, SIGNATURE},
    text,
};
use serde_json::Value;

use crate::{
    app::{App, ImportError},
    cap::{Cap, CapUser},
    layout,
    report::{Fate, Report, What},
};

/// Bytes of a picture that is shown.
const MOST: u64 = 5 << 20;
/// Its key is of no other picture, ever.
const CACHE_CONTROL: &str = "private, max-age=3600, immutable";
/// Characters of a name.
const CHARACTERS: usize = 255;

pub(crate) async fn take(app: &App, cap: &mut Cap, report: &mut Report) -> Result<(), ImportError> {
    let mut after = String::new();
    loop {
        let page = cap.users(&after).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.id);
        let ids: Vec<&str> = page.iter().map(|user| user.id.as_str()).collect();
        let known = app.journal.find(&mut app.db().await?, Kind::User, &ids).await?;
        for user in &page {
            let entry = known.get(&user.id);
            match entry {
                Some(_) => report.count(What::People, Fate::Known),
                None if Email::parse(&user.email).is_none() => {
                    report.leave(What::People, &user.id, "their address is no mailbox that mail is sent to");
                }
                None => report.count(What::People, Fate::Taken),
            }
            let account = match entry {
                Some(entry) if entry.done => Account::Known,
                Some(entry) => UserId::parse(&entry.target).map_or(Account::None, |id| Account::New(Some(id))),
                None => open(app, user).await?,
            };
            picture(app, user, &account, report).await?;
        }
        eprintln!("people: {} looked at", report.total(What::People));
    }
}

/// Whether somebody's picture is still to be taken.
enum Account {
    /// It is. Nobody has an id in a dry run.
    New(Option<UserId>),
    /// Everything of theirs was.
    Known,
    /// They had an account before, which keeps what it had.
    Joined,
    /// They can have none.
    None,
}

/// Opens somebody's account, unless they have one.
async fn open(app: &App, user: &CapUser) -> Result<Account, ImportError> {
    let Some(email) = Email::parse(&user.email) else { return Ok(Account::None) };
    if app.dry_run {
        let joins = users::has_account(&mut app.db().await?, &email).await?;
        return Ok(if joins { Account::Joined } else { Account::New(None) });
    }
    let name =
        [&user.name, &user.last_name].into_iter().flatten().map(|part| part.trim()).collect::<Vec<_>>().join(" ");
    let name = shown(&name);
    let organization = user.organization.as_ref();
    let called = organization.map(|(_, name)| shown(name)).filter(|name| !name.is_empty());
    let new = NewUser {
        source: &user.id,
        id: UserId::parse(&user.id).map_or_else(UserId::random, Ok).map_err(common::db::DbError::from)?,
        email: &email,
        name: Some(name.as_str()).filter(|name| !name.is_empty()),
        created_at: user.created_at,
        organization: (
            organization.and_then(|(id, _)| OrganizationId::parse(id)),
            called.as_deref().unwrap_or("My Organization"),
        ),
        preferences: preferences(user.preferences.as_deref()),
        done: picture_key(user).is_none(),
    };
    Ok(match imports::user(&mut app.db().await?, &new).await? {
        TakenUser::New(id) => Account::New(Some(id)),
        TakenUser::Joined(_) => Account::Joined,
    })
}

/// A name as pages show it: of one line, and of bounded length.
pub(crate) fn shown(name: &str) -> String {
    let plain: String = name.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let short: String = plain.trim().chars().take(CHARACTERS).collect();
    text::line(&short, CHARACTERS).unwrap_or_default().to_owned()
}

/// What somebody does not want to be told, if Cap was told.
fn preferences(json: Option<&str>) -> Option<Preferences> {
    let json: Value = serde_json::from_str(json?).ok()?;
    let told = json.get("notifications")?;
    let pauses = |name: &str| told.get(name).and_then(Value::as_bool).unwrap_or_default();
    Some(Preferences {
        pause_comments: pauses("pauseComments"),
        pause_replies: pauses("pauseReplies"),
        pause_views: pauses("pauseViews"),
        pause_reactions: pauses("pauseReactions"),
        pause_anon_views: pauses("pauseAnonViews"),
        ..Preferences::default()
    })
}

fn picture_key(user: &CapUser) -> Option<&str> {
    layout::picture(user.image.as_deref()?)
}

/// Takes somebody's picture, where it is still to be taken.
async fn picture(app: &App, user: &CapUser, account: &Account, report: &mut Report) -> Result<(), ImportError> {
    let Some(image) = user.image.as_deref().filter(|image| !image.is_empty()) else { return Ok(()) };
    let Some(key) = layout::picture(image) else {
        report.leave(What::Pictures, &user.id, "it lies with another service");
        return Ok(());
    };
    let id = match account {
        Account::New(id) => id.as_ref(),
        Account::Known => {
            report.count(What::Pictures, Fate::Known);
            return Ok(());
        }
        Account::Joined => {
            report.leave(What::Pictures, &user.id, "they had an account here, which keeps what it had");
            return Ok(());
        }
        Account::None => {
            report.leave(What::Pictures, &user.id, "they have no account here");
            return Ok(());
        }
    };
    match adopt(app, user, key, id).await {
        Ok(Ok(())) => report.count(What::Pictures, Fate::Taken),
        Ok(Err(why)) => report.leave(What::Pictures, &user.id, why),
        Err(ImportError::SourceBucket(error) | ImportError::Bucket(error)) => {
            report.fail(What::Pictures, &user.id, &error);
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    if !app.dry_run {
        imports::done(&mut app.db().await?, Kind::User, &user.id).await?;
    }
    Ok(())
}

/// Puts a picture where it is shown; why not, if it cannot be.
async fn adopt(
    app: &App,
    user: &CapUser,
    key: &str,
    id: Option<&UserId>,
) -> Result<Result<(), &'static str>, ImportError> {
    let found = app.source.beginning(key, SIGNATURE).await.map_err(ImportError::SourceBucket)?;
    let Some(found) = found else { return Ok(Err("it is not in Cap's bucket")) };
    let Some(kind) = PictureType::of_bytes(&found.bytes).filter(|_| found.head.size <= MOST) else {
        return Ok(Err("it is no JPEG, PNG or WebP of at most 5 MiB"));
    };
    let Some(id) = id else { return Ok(Ok(())) };
    let file = format!("{}.{}", PictureId::derived(&[id.as_str(), &user.id, key]), kind.ending());
    let serving = Serving { content_type: kind.content_type(), cache_control: CACHE_CONTROL };
    let target = keys::avatar(id, &file);
    let taken = app.objects.take(&app.source, key, &found.head, &target, serving, app.way()).await;
    taken.map_err(ImportError::Bucket)?;
    if imports::adopt_avatar(&mut app.db().await?, id, &file).await? {
        return Ok(Ok(()));
    }
    app.objects.remove(&target).await.map_err(ImportError::Bucket)?;
    Ok(Err("they have another one by now"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_one_line() {
        assert_eq!(shown("  Ada\nLovelace\0 "), "Ada Lovelace");
        assert_eq!(shown(&"a".repeat(300)).len(), 255);
    }

    #[test]
    fn preferences_are_those_that_were_said() {
        let said = preferences(Some(r#"{"notifications":{"pauseViews":true,"pauseReplies":"yes"}}"#)).expect("some");
        assert!(said.pause_views && !said.pause_replies && !said.pause_comments);
        for nothing in [None, Some(""), Some("{}"), Some("null"), Some("[1]")] {
            assert_eq!(preferences(nothing), None);
        }
    }
}
