//! Who watches, as far as it has to be known to count nobody twice.

use lambda_http::Request;

use crate::{
    http::{source, user_agent},
    ids::UserId,
};

/// Somebody who watches.
#[derive(Clone, Debug)]
pub enum Viewer {
    /// Somebody who is signed in.
    Person(UserId),
    /// A browser, by a random word that it makes up anew each day.
    Browser(String),
    /// Whoever says nothing: an address and what the browser calls itself.
    Elsewhere {
        /// The address, as the gateway saw it.
        source: String,
        /// What the browser calls itself.
        agent: String,
    },
}

impl Viewer {
    /// Who sends a request.
    #[must_use]
    pub fn of(request: &Request, visitor: Option<UserId>, session: Option<&str>) -> Self {
        match (visitor, session.filter(|session| !session.is_empty())) {
            (Some(visitor), _) => Self::Person(visitor),
            (None, Some(session)) => Self::Browser(session.to_owned()),
            (None, None) => Self::Elsewhere { source: source(request), agent: user_agent(request) },
        }
    }

    /// What is hashed, and with it which kind it is: nobody is somebody else by calling themselves so.
    pub(super) fn parts(&self) -> [&str; 3] {
        match self {
            Self::Person(user) => ["person", user.as_str(), ""],
            Self::Browser(session) => ["browser", session, ""],
            Self::Elsewhere { source, agent } => ["elsewhere", source, agent],
        }
    }
}
