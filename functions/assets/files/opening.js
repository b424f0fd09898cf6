// The app's own scheme first; where nothing answers to it, the port that the app listens on.
location.href = document.getElementById("deep-link").href;
setTimeout(() => { location.href = document.getElementById("loopback").href; }, 1800);
