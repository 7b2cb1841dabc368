// The print view: a button for what the browser's menu does too.
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
