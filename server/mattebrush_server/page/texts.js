// SPDX-License-Identifier: Apache-2.0
// The page's words in the user's language. Texts are English, the keys of the translations, which
// come from the plug-ins' kit and the page's own catalogs.

const STORE = "mattebrush-language";

export const LANGUAGES = {
  en: "English", de: "Deutsch", es: "Español", fr: "Français", it: "Italiano", ja: "日本語",
  pt_BR: "Português (Brasil)", ru: "Русский", zh_CN: "简体中文",
};

let texts = {};

/** A text in the language in use; %s and %d stand for what follows. */
export function t(text, ...values) {
  let at = 0;
  return (texts[text] ?? text).replace(/%[sd]/g, () => values[at++]);
}

export let language = "en";

/** Loads the language that was chosen here before, or that of the browser. */
export async function loadTexts() {
  await useLanguage(localStorage.getItem(STORE) ?? known(navigator.languages));
}

/** Takes a language for all texts, and remembers it if it was `chosen`. */
export async function useLanguage(name, chosen = false) {
  language = name in LANGUAGES ? name : "en";
  if (chosen) localStorage.setItem(STORE, language);
  texts = language === "en" ? {} : await fetchTexts(language);
  document.documentElement.lang = language.replace("_", "-");
  translate(document.body);
}

async function fetchTexts(name) {
  const response = await fetch(`/page/texts-${name}.json`).catch(() => null);
  return response?.ok ? response.json() : {};
}

function known(wanted) {
  for (const name of wanted) {
    const same = Object.keys(LANGUAGES).find((each) => each.slice(0, 2) === name.slice(0, 2));
    if (same) return same;
  }
  return "en";
}

/** Puts marked elements, titles and labels into the language; the English stays with each. */
export function translate(root) {
  for (const element of root.querySelectorAll("[data-t]")) {
    element.dataset.t ||= element.textContent;
    element.textContent = t(element.dataset.t);
  }
  for (const name of ["title", "aria-label"]) {
    for (const element of root.querySelectorAll(`[${name}]`)) {
      const mark = `english${name.replace("-", "")}`;
      element.dataset[mark] ??= element.getAttribute(name);
      element.setAttribute(name, t(element.dataset[mark]));
    }
  }
}
