// Sorts and filters the tables. Works on what is on the page, and makes no markup of text.
"use strict";

// The parts of a table that stay together: a row, or a body where each row has another below.
function hasBodies(table) {
    return table.querySelector("tr.more") !== null;
}

function items(table) {
    return hasBodies(table) ? [...table.tBodies] : [...table.tBodies[0].rows];
}

function keyOf(item, column) {
    const cell = (item.rows ? item.rows[0] : item).cells[column];
    return cell.dataset.v ?? cell.textContent;
}

function compare(a, b) {
    if (a === "" || b === "")
        return 0;
    const difference = Number(a) - Number(b);
    return Number.isNaN(difference) ? a.localeCompare(b, "en", { numeric: true }) : difference;
}

// Numbers begin with the greatest. What has no value comes last either way.
function sort(table, head) {
    const column = head.cellIndex;
    const wasDown = head.getAttribute("aria-sort") === "descending";
    const wasUp = head.getAttribute("aria-sort") === "ascending";
    const down = wasUp || (!wasDown && head.classList.contains("n"));
    const keyed = items(table).map((item) => [keyOf(item, column), item]);
    keyed.sort(([a], [b]) => (a === "") - (b === "") || (down ? compare(b, a) : compare(a, b)));
    const parent = hasBodies(table) ? table : table.tBodies[0];
    parent.append(...keyed.map(([, item]) => item));
    for (const other of table.tHead.rows[0].cells)
        other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
}

function makeSortable(table) {
    for (const head of table.querySelectorAll("th[data-sort]")) {
        const button = document.createElement("button");
        button.type = "button";
        button.title = "Sort by this column";
        button.append(...head.childNodes);
        button.addEventListener("click", () => sort(table, head));
        head.append(button);
    }
}

function makeFilter(form) {
    const table = document.getElementById(form.dataset.for);
    const all = items(table);
    const texts = all.map((item) => item.textContent.toLowerCase());
    const output = form.querySelector("output");
    const apply = () => {
        const words = form.elements.text.value.toLowerCase().split(/\s+/);
        const level = Number(form.elements.level.value);
        const cause = form.elements.cause.value;
        let shown = 0;
        all.forEach((item, i) => {
            item.hidden = Number(item.dataset.level) < level || (cause !== "" && !item.dataset.causes.includes(` ${cause} `)) ||
                !words.every((word) => texts[i].includes(word));
            shown += !item.hidden;
        });
        output.value = `${shown.toLocaleString("en")} of ${all.length.toLocaleString("en")} shown`;
    };
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    apply();
}

// The explanation that a link leads to is folded up.
function openTarget() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement)
        target.open = true;
}

// Paper cannot unfold anything: explanations are printed, records where they are unfolded.
let folded = [];

function unfold() {
    folded = [...document.querySelectorAll("details.cause:not([open]), details.terms:not([open])")];
    for (const part of folded)
        part.open = true;
}

function fold() {
    for (const part of folded)
        part.open = false;
    folded = [];
}

document.querySelectorAll("table").forEach(makeSortable);
document.querySelectorAll("form.filter").forEach(makeFilter);
addEventListener("hashchange", openTarget);
addEventListener("beforeprint", unfold);
addEventListener("afterprint", fold);
openTarget();
