// Appended to a copy of the page: what it measures stands in the DOM afterwards.
(() => {
    const wide = innerWidth, found = [], texts = new Set();
    const name = e => e.tagName.toLowerCase() + '.' + (e.getAttribute('class') || '') +
        ' "' + e.textContent.trim().slice(0, 24) + '"';
    const add = (what, e) => {
        if (found.length < 20) found.push(what + ': ' + name(e));
    };
    const channel = c => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
    const numbers = colour => colour.match(/[\d.]+/g).map(Number);
    const light = colour => {
        const [r, g, b] = numbers(colour);
        return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
    };
    const ground = e => {
        for (; e; e = e.parentElement) {
            const colour = getComputedStyle(e).backgroundColor;
            if ((numbers(colour)[3] ?? 1) > .99) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    const contrast = (a, b) => (Math.max(a, b) + .05) / (Math.min(a, b) + .05);

    if (document.documentElement.scrollWidth > wide) found.push('the page is wider than the window');
    for (const e of document.body.querySelectorAll('*')) {
        const box = e.getBoundingClientRect(), style = getComputedStyle(e);
        const scrolls = e.parentElement.closest('.scroll');
        if (box.width && !scrolls && (box.right > wide + 1 || box.left < -1)) add('overflow', e);
        // What a box of its own hides can be scrolled to; what anything else hides is lost.
        if (style.overflowX === 'hidden' && e.scrollWidth > e.clientWidth + 1 && !e.closest('svg'))
            add('hidden', e);
        if (e.tagName === 'text') {
            const at = e.getBBox(), view = e.ownerSVGElement.viewBox.baseVal;
            if (at.x < -1 || at.y < -1 || at.x + at.width > view.width + 1 ||
                at.y + at.height > view.height + 1)
                add('outside of its figure', e);
        } else if (!e.closest('svg') && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) {
            if (contrast(light(style.color), light(ground(e))) < 4.5) add('contrast', e);
            if (parseFloat(style.fontSize) < 8.5) add('too small', e);
        }
        if (e.tagName === 'TH' && !e.hasAttribute('scope')) add('no scope', e);
        if (e.id && texts.has(e.id)) add('id twice', e);
        texts.add(e.id);
        if (e.tagName === 'svg' && !e.hasAttribute('aria-hidden') &&
            !(e.getAttribute('role') === 'img' && e.querySelector(':scope > title').textContent &&
              e.querySelector(':scope > desc').textContent))
            add('figure without words', e);
    }
    let level = 0;
    for (const e of document.querySelectorAll('h1, h2, h3, h4')) {
        if (+e.tagName[1] > level + 1) add('heading skips', e);
        level = +e.tagName[1];
    }
    const out = document.createElement('pre');
    out.id = 'measured';
    out.textContent = 'width ' + wide + '\n' + found.map(f => 'FOUND ' + f + '\n').join('') + 'measured\n';
    document.body.append(out);
})();
