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
