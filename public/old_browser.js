/*
 * Tells a visitor whose browser is too old for this page, or in which its program did not start: such a browser cannot read
 * that program. So this is a script of its own, in the language of 2009 (ECMAScript 5).
 */
(function () {
  // Of what the page needs, what came last to each of the oldest supported browsers (package.json, "browserslist"):
  // color-mix in Chrome and Edge 111, :has in Firefox 121, OffscreenCanvas in Safari 16.4.
  function isSupported() {
    try {
      return (
        CSS.supports("color", "color-mix(in srgb, red, red)") &&
        CSS.supports("selector(:has(a))") &&
        typeof OffscreenCanvas === "function"
      );
    } catch (error) {
      return false;
    }
  }

  var TOO_OLD = {
    en: [
      "This browser is too old for this page: all of it, or parts, will not work.",
      "Update the browser, or open the page in a newer one: Chrome or Edge from version 111 on, Firefox from 121, Safari from 16.4 (iOS 16.4)."
    ],
    es: [
      "Este navegador es demasiado antiguo para esta página: toda ella, o partes, no funcionará.",
      "Actualiza el navegador o abre la página en uno más nuevo: Chrome o Edge desde la versión 111, Firefox desde la 121, Safari desde la 16.4 (iOS 16.4)."
    ]
  };
  var NOT_STARTED = {
    en: [
      "The program of this page did not start.",
      "Reload the page. If that does not help, open it in another browser."
    ],
    es: ["El programa de esta página no arrancó.", "Vuelve a cargarla. Si no ayuda, ábrela en otro navegador."]
  };

  function element(name, text) {
    var made = document.createElement(name);
    made.appendChild(document.createTextNode(text));
    return made;
  }

  function notice(words, language) {
    var box = element("section", "");
    box.className = "notice failure";
    box.setAttribute("role", "alert");
    box.setAttribute("lang", language);
    box.appendChild(element("h2", words[language][0]));
    box.appendChild(element("p", words[language][1]));
    return box;
  }

  function tell(words) {
    var first = /^es/.test(navigator.language || navigator.userLanguage || "") ? "es" : "en";
    var notices = document.getElementById("notices");
    // Beside the page's own notices, which a program that does start writes anew.
    notices.parentNode.insertBefore(notice(words, first), notices);
    notices.parentNode.insertBefore(notice(words, first === "es" ? "en" : "es"), notices);
  }

  // A program that has run named the view that it shows.
  function check() {
    if (!document.documentElement.hasAttribute("data-view")) tell(NOT_STARTED);
  }

  if (!isSupported()) tell(TOO_OLD);
  else {
    window.addEventListener("load", function () {
      // Its first part says that it fetches the others (demo/start.ts).
      if (document.documentElement.getAttribute("data-program") !== "starting") check();
    });
    window.addEventListener("program-failed", check);
  }
})();
