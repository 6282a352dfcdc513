"""What the browser finds wrong with how the page looks, or is named: scripts that give a list of it."""

OVERLAPS = """selector => {
    const boxes = [...document.querySelectorAll(selector)]
        .filter((each) => each.checkVisibility({ opacityProperty: true }))
        .map((each) => [each, each.getBoundingClientRect()]);
    const names = (each) => each.className + ": " + each.textContent.slice(0, 30);
    const found = [];
    for (const [one, a] of boxes) for (const [other, b] of boxes) {
        if (one === other || one.contains(other) || other.contains(one)) continue;
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
            found.push(names(one) + " / " + names(other));
    }
    return found;
}"""
"""Pairs of things that lie on each other."""

NAMELESS = """() => [...document.querySelectorAll("button, input, textarea, img, dialog")]
    .filter((each) => each.checkVisibility())
    .filter((each) => each.matches("img") ? !each.hasAttribute("alt")
        : !(each.ariaLabel || each.ariaLabelledByElements?.length || each.labels?.length
            || each.textContent.trim() || each.querySelector("img[alt]:not([alt=''])")))
    .map((each) => each.outerHTML)"""
"""Controls and pictures that a screen reader has no words for."""

FAINT = """() => {
    const colour = (text) => {
        const [red, green, blue, alpha = 1] = text.match(/[0-9.]+/g).map(Number);
        return { rgb: [red, green, blue], alpha };
    };
    const over = (top, below) =>
        top.rgb.map((each, index) => each * top.alpha + below[index] * (1 - top.alpha));
    const ground = (each) => {
        if (!each) return [255, 255, 255];
        const own = colour(getComputedStyle(each).backgroundColor);
        return own.alpha === 1 ? own.rgb : over(own, ground(each.parentElement));
    };
    const light = (rgb) => {
        const [red, green, blue] = rgb.map((each) => {
            const share = each / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const { parentElement: each, data } = texts.currentNode;
        if (!data.trim() || each.closest("script, noscript")) continue;
        if (!each.checkVisibility({ opacityProperty: true })) continue;
        const below = ground(each);
        const both = [over(colour(getComputedStyle(each).color), below), below].map(light);
        const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
        if (contrast < 4.5) found.push(`${contrast.toFixed(2)}: ${data.trim().slice(0, 40)}`);
    }
    return found;
}"""
"""Words that stand out from their ground by less than the 4.5 to 1 of WCAG 2.2 (success criterion 1.4.3)."""

SMALL = """least => [...document.querySelectorAll(
        "button, a[href], summary, [role=combobox], [role=option], " +
        ".input > :is(input, textarea), label:has(input)"
    )]
    .filter((each) => each.checkVisibility() && !each.matches(".skip"))
    .map((each) => [each, Math.max(...[...each.getClientRects()].map((box) => box.height))])
    .filter(([each, height]) => height < least)
    .map(([each, height]) => `${height.toFixed(1)}: ${each.outerHTML.slice(0, 120)}`)"""
"""What people press, and is less high than `least` pixels, with what a thumb may touch around it."""

CUT = """() => {
    const cut = [...document.querySelectorAll(".team :is(button, label), .member-list, .team nav")]
        .filter((each) => each.checkVisibility())
        .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth
            || each.scrollWidth > each.clientWidth + 1)
        .map((each) => each.textContent);
    const pen = document.createElement("canvas").getContext("2d");
    for (const field of document.querySelectorAll("input[placeholder]")) {
        if (!field.checkVisibility()) continue;
        const { font, paddingLeft, paddingRight } = getComputedStyle(field);
        pen.font = font;
        const room = field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
        if (pen.measureText(field.placeholder).width > room) cut.push(field.placeholder);
    }
    return cut;
}"""
"""Names and hints that are not shown whole."""

BAD_LISTS = """() => [...document.querySelectorAll(".options:not([hidden])")].flatMap((list) => {
    const box = list.getBoundingClientRect();
    const field = list.parentElement.querySelector("input").getBoundingClientRect();
    const found = [];
    if (Math.abs(box.left - field.left) > 1 || Math.abs(box.width - field.width) > 1)
        found.push("is not as wide as its field");
    if (box.top < field.bottom && field.top < box.bottom) found.push("lies on its field");
    if (list.scrollWidth > list.clientWidth) found.push("has options that are cut off");
    for (const x of [box.left + 3, box.right - 3]) for (const y of [box.top + 9, box.bottom - 9])
        if (!list.contains(document.elementFromPoint(x, y))) found.push(`is cut off at ${x}, ${y}`);
    const pane = list.closest(".dialog-body");
    if (pane && (pane.scrollLeft || pane.scrollWidth > pane.clientWidth)) found.push("pushes its dialog");
    return found;
})"""
"""What is wrong with the lists of pickers that are open."""

TO_END = "list => Math.round(list.scrollHeight - list.scrollTop - list.clientHeight)"
"""How far a list is from its end, in pixels."""

RING_OUTSIDE = """each => {
    const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(each);
    return outlineStyle === "none" ? 0 : Math.max(0, parseFloat(outlineWidth) + parseFloat(outlineOffset));
}"""
"""By how much the ring of what has the focus is outside of it, and cut off or over what lies beside it."""
