(function () {
  "use strict";
  var tools = document.getElementById("tools"), search = document.getElementById("search"), hits = document.getElementById("hits");
  var found = [].slice.call(document.querySelectorAll("[data-find]"));
  var texts = found.map(function (e) { return e.textContent.toLowerCase(); });
  tools.hidden = false;

  function apply() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean), on = {}, all = true, n = 0;
    tools.querySelectorAll("input[type=checkbox]").forEach(function (i) { on[i.value] = i.checked; all = all && i.checked; });
    found.forEach(function (e, i) {
      var hit = words.every(function (w) { return texts[i].indexOf(w) >= 0; }) && (!e.dataset.outcome || on[e.dataset.outcome]);
      e.classList.toggle("hide", !hit);
      if (hit && e.classList.contains("clause")) { n++; }
    });
    document.querySelectorAll(".group, #seen-all").forEach(function (s) { s.classList.toggle("hide", !s.querySelector("[data-find]:not(.hide)")); });
    document.querySelectorAll("details.section").forEach(function (s) {
      var some = s.querySelector(".clause:not(.hide)");
      s.classList.toggle("hide", !some);
      s.open = Boolean(some) && (words.length > 0 || !all);
    });
    hits.textContent = words.length || !all ? n + (n === 1 ? " clause" : " clauses") : "";
  }
  tools.addEventListener("input", apply);
  document.addEventListener("keydown", function (e) {
    if (e.key === "/" && !e.ctrlKey && !e.metaKey && !e.altKey && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) { e.preventDefault(); search.focus(); }
  });

  // A link to something in closed details opens them.
  function reveal() {
    var at = document.getElementById(location.hash.slice(1));
    if (!at) { return; }
    for (var e = at; e; e = e.parentElement) {
      if (e.tagName === "DETAILS") { e.open = true; }
      e.classList.remove("hide");
    }
    at.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  reveal();

  document.querySelectorAll("pre.curl").forEach(function (pre) {
    var b = document.createElement("button");
    b.type = "button";
    b.textContent = "Copy";
    b.addEventListener("click", function () {
      var range = document.createRange();
      range.selectNodeContents(pre);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      b.textContent = document.execCommand("copy") ? "Copied" : "Selected";
    });
    pre.parentElement.querySelector("h4").append(" ", b);
  });

  // Where a drawing is wider than the screen, the moment of the finding is in the middle of what is seen.
  function centre() {
    document.querySelectorAll(".finding .scroll").forEach(function (box) {
      var moment = box.querySelector(".moment");
      if (moment && box.scrollWidth > box.clientWidth) {
        box.scrollLeft += moment.getBoundingClientRect().left - box.getBoundingClientRect().left - (box.clientWidth + box.querySelector(".names").clientWidth) / 2;
      }
    });
  }
  addEventListener("resize", centre);
  centre();

  // Paper shows what matters of the causes, and of each the records of its first finding; the clauses that are kept stay closed.
  var opened = [];
  addEventListener("beforeprint", function () {
    opened = [].slice.call(document.querySelectorAll(".cause > details:not([open]), .cause > .finding:first-of-type > details:not([open], .also), .unjudged:not([open]), .facts:not([open]), details.section:not([open])"));
    opened.forEach(function (d) { d.open = true; });
  });
  addEventListener("afterprint", function () { opened.forEach(function (d) { d.open = false; }); });
})();
