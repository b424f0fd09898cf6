//! What stands around every page of somebody who is signed in: `templates/signed_in.html`.

use lambda_http::Request;

use crate::{
    config::SiteConfig,
    db::{Connection, Database, sessions},
    error::ApiError,
    http::{Answer, StatusCode, gateway_host, origin_of, redirect},
    objects::{Objects, keys},
    picture::PictureType,
    visitor::{self, Beside, Visitor, login_address},
};

/// What the template shows. Templates that extend it have it as their field `frame`, beside `nonce`.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Path of the page.
    pub here: &'static str,
    /// What this browser's forms carry.
    pub csrf_token: String,
    /// What the person is called, or their address.
    pub who: String,
    /// Their address.
    pub email: String,
    /// Where their picture is, for an hour.
    pub image: Option<String>,
    /// True when they run the server.
    pub operator: bool,
    /// What they were told and have not read.
    pub unread: u64,
}

impl Frame {
    /// What marks a link of the navigation that leads here, or to a page above this one.
    #[must_use]
    pub fn current(&self, path: &str) -> &'static str {
        match self.here.strip_prefix(path) {
            Some("") => "page",
            Some(rest) if rest.starts_with('/') => "true",
            _ => "false",
        }
    }

    /// The letter that stands for somebody without a picture.
    #[must_use]
    pub fn initial(&self) -> String {
        self.who.chars().next().map(|first| first.to_uppercase().collect()).unwrap_or_default()
    }
}

/// Somebody at a page of their own.
pub struct Person {
    /// Who it is, and in which browser.
    pub session: sessions::Current,
    /// The connection that told.
    pub db: Connection,
    /// The site's origin.
    pub origin: String,
    /// What stands around the page.
    pub frame: Frame,
    visitor: Visitor,
    media: String,
}

impl Person {
    /// Who asks for the page at `here`; `None` when nobody is signed in. One query.
    pub async fn at(
        here: &'static str,
        request: &Request,
        site: &SiteConfig,
        db: &Database,
        objects: &Objects,
    ) -> Result<Option<Self>, ApiError> {
        let Some((session, db)) = visitor::signed_in(db, request).await? else { return Ok(None) };
        let visitor = Visitor::of(site, request)?;
        let file = session.avatar.as_deref();
        let kind = file.and_then(PictureType::of_file).map_or("image/jpeg", PictureType::content_type);
        // Signing is arithmetic. The address also tells where pages store and find objects.
        let picture = objects.sign_get_as(&keys::avatar(&session.user, file.unwrap_or("none")), kind).await?;
        let frame = Frame {
            here,
            csrf_token: visitor.csrf_token.clone(),
            who: session.name.clone().unwrap_or_else(|| session.email.clone()),
            email: session.email.clone(),
            operator: site.is_operator(&session.email),
            image: file.map(|_| picture.clone()),
            unread: session.unread,
        };
        let (origin, media) = (visitor.origin.clone(), origin_of(&picture).to_owned());
        Ok(Some(Self { session, db, origin, frame, visitor, media }))
    }

    /// Answers with a page, which may show what is in the bucket and store there. `render` is given the nonce.
    pub fn show<E: std::error::Error + Send + Sync + 'static>(
        &self,
        status: StatusCode,
        render: impl FnOnce(&str) -> Result<String, E>,
    ) -> Answer {
        self.visitor.show(status, Beside { media: &self.media, ..Beside::default() }, render)
    }
}

/// Leads to the login, and from there back to `here`, which is a path with its query.
pub fn to_login(site: &SiteConfig, request: &Request, here: &str) -> Answer {
    redirect(&login_address(&site.origin(&gateway_host(request)), here)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_of_a_page_and_of_what_it_belongs_to_are_marked() {
        let frame = Frame {
            here: "/dashboard/settings/account",
            csrf_token: String::new(),
            who: "ñandú".to_owned(),
            email: String::new(),
            operator: false,
            image: None,
            unread: 0,
        };
        assert_eq!(frame.current("/dashboard/settings/account"), "page");
        assert_eq!((frame.current("/dashboard/settings"), frame.current("/dashboard/set")), ("true", "false"));
        assert_eq!((frame.current("/dashboard/caps"), frame.initial().as_str()), ("false", "Ñ"));
    }
}
