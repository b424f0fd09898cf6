//! What fetches pages and is nobody: its views count for nothing.

/// Words that programs call themselves by, in lower case: crawlers, whatever makes previews of links, browsers that nobody looks
/// at, checks that something is up, and libraries. People's browsers have none of them in their names.
const WORDS: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "slurp",
    "scrap",
    "archiver",
    "fetch",
    "preview",
    "facebookexternalhit",
    "meta-external",
    "embedly",
    "iframely",
    "whatsapp",
    "skypeuri",
    "vkshare",
    "pinterest/",
    "redditbot",
    "quora link",
    "flipboard",
    "google-read-aloud",
    "google-inspectiontool",
    "chrome-lighthouse",
    "headless",
    "phantomjs",
    "puppeteer",
    "playwright",
    "selenium",
    "webdriver",
    "cypress",
    "pingdom",
    "uptime",
    "statuscake",
    "monitor",
    "gtmetrix",
    "pagespeed",
    "check_http",
    "curl/",
    "wget",
    "httpie",
    "python",
    "aiohttp",
    "httpx",
    "libwww",
    "java/",
    "okhttp",
    "go-http-client",
    "axios",
    "node-fetch",
    "undici",
    "ruby",
    "perl",
    "php/",
    "guzzle",
    "postman",
    "insomnia",
    "reqwest",
    "hyper/",
    "scanner",
    "validator",
    "feed",
];

/// True for programs, and for whoever does not say what they are.
pub(crate) fn is_bot(agent: &str) -> bool {
    let agent = agent.trim().to_ascii_lowercase();
    agent.is_empty() || WORDS.iter().any(|word| agent.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_people() {
        for agent in [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
        ] {
            assert!(!is_bot(agent), "{agent}");
        }
    }

    #[test]
    fn programs_are_nobody() {
        for agent in [
            "",
            " ",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/140.0.0.0 Safari/537.36",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
            "WhatsApp/2.23.20.0",
            "TelegramBot (like TwitterBot)",
            "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36",
            "curl/8.14.1",
            "python-requests/2.32.5",
            "Go-http-client/2.0",
        ] {
            assert!(is_bot(agent), "{agent}");
        }
    }
}
