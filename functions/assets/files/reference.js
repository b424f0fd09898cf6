// What a link leads to is opened.
const open = () => { const found = document.getElementById(decodeURIComponent(location.hash.slice(1))); if (found?.tagName === "DETAILS") { found.open = true; found.scrollIntoView(); } };
addEventListener("hashchange", open);
open();
