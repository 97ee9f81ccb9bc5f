// The operators' page, live: events bring parts as the server wrote them, and what is different in
// them is put in its place, so that focus, selection and scrolling stay where they are. Without
// this the page is complete, too.
(() => {
    'use strict';
    const words = document.currentScript.dataset;
    const line = document.getElementById('line');
    const digests = {};
    let newest = Date.now(), lostSince = 0, loading = false;

    const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && a.id === b.id;

    const attributes = (old, now) => {
        for (const {name} of [...old.attributes])
            if (!now.hasAttribute(name)) old.removeAttribute(name);
        for (const {name, value} of now.attributes)
            if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    };

    const children = (old, now) => {
        const olds = [...old.childNodes], nows = [...now.childNodes];
        nows.forEach((node, i) => {
            if (i >= olds.length) old.append(node);
            else if (!same(olds[i], node)) olds[i].replaceWith(node);
            else if (node.nodeType !== Node.ELEMENT_NODE) {
                if (olds[i].data !== node.data) olds[i].data = node.data;
            } else {
                attributes(olds[i], node);
                children(olds[i], node);
            }
        });
        olds.slice(nows.length).forEach(node => node.remove());
    };

    const put = (id, html) => {
        const old = document.getElementById(id), now = document.createElement('template');
        if (old === null) return;
        now.innerHTML = html;
        children(old, now.content);
    };

    // What was missed: the page has it all.
    const load = async () => {
        if (loading) return;
        loading = true;
        try {
            const answer = await fetch(location.pathname, {cache: 'no-store'});
            if (!answer.ok) return;
            const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
            for (const part of document.querySelectorAll('[data-part]')) {
                const now = page.getElementById(part.id);
                if (now !== null) children(part, now);
            }
            newest = Date.now();
        } catch {
            // The line says that nothing comes.
        } finally {
            loading = false;
        }
    };

    const clock = ms => new Date(ms).toISOString().slice(11, 19) + ' UTC';

    const say = () => {
        const old = Date.now() - newest;
        const text = lostSince ? words.lost + ' ' + clock(lostSince)
            : old > 3000 ? words.stale + ' ' + Math.floor(old / 1000)
            : words.live;
        line.className = lostSince || old > 3000 ? 'alarm' : 'live';
        if (line.textContent !== text) line.textContent = text;
    };

    const source = new EventSource(words.events);
    source.addEventListener('parts', event => {
        const {parts = {}, digests: all} = JSON.parse(event.data);
        lostSince = 0;
        newest = Date.now();
        for (const [id, html] of Object.entries(parts)) {
            put(id, html);
            digests[id] = all[id];
        }
        const missed = Object.keys(all).filter(id => digests[id] !== all[id]);
        if (missed.length > 0) load().then(() => missed.forEach(id => { digests[id] = all[id]; }));
        say();
    });
    source.addEventListener('error', () => {
        lostSince = lostSince || Date.now();
        say();
    });
    setInterval(say, 1000);
})();
