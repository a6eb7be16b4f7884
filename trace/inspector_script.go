package trace

// inspectorScript asks for the part of the page that changes, and makes the
// page equal to it node by node. What has an id stays the same element, so that
// focus, selection and what is unfolded survive; whether a details element is
// open is left to the reader. It asks again only when it has the answer, not
// while the page is hidden, and ever less often when there is none.
//
// It uses nothing that a content security policy of script-src 'self' forbids.
const inspectorScript = `"use strict";
(function () {
	var live = document.getElementById("live");
	var pulse = document.getElementById("pulse");
	var pause = document.getElementById("pause");
	var lost = document.getElementById("lost");
	var timer = 0, busy = false, failures = 0, last = new Date();

	// fold keeps what is unfolded over a visit to a teardown's page.
	function fold(details) {
		try {
			var key = "ebb " + location.pathname + " " + details.id;
			return {
				load: function () { var v = sessionStorage.getItem(key); if (v !== null) details.open = v === "1"; },
				save: function () { sessionStorage.setItem(key, details.open ? "1" : "0"); }
			};
		} catch (e) { return {load: function () {}, save: function () {}}; }
	}
	function restore(node) {
		if (node.nodeType !== 1) return;
		if (node.nodeName === "DETAILS") fold(node).load();
		node.querySelectorAll("details").forEach(function (d) { fold(d).load(); });
	}
	live.addEventListener("toggle", function (e) { fold(e.target).save(); }, true);

	// morph makes old equal to fresh, which is of the same kind.
	function morph(old, fresh) {
		if (old.nodeType !== 1) {
			if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
			return;
		}
		Array.from(old.attributes).forEach(function (a) {
			if (!fresh.hasAttribute(a.name) && !(a.name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(a.name);
		});
		Array.from(fresh.attributes).forEach(function (a) {
			if (a.name === "open" && old.nodeName === "DETAILS") return;
			if (old.getAttribute(a.name) !== a.value) old.setAttribute(a.name, a.value);
		});
		children(old, fresh);
	}
	function alike(a, b) {
		return a && a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");
	}
	function children(old, fresh) {
		var kept = new Map(), wanted = new Set();
		fresh.childNodes.forEach(function (c) { if (c.id) wanted.add(c.id); });
		// What is gone goes first, so that nothing that stays has to be moved for
		// it: an element that is moved loses the focus.
		Array.from(old.childNodes).forEach(function (c) {
			if (!c.id) return;
			if (wanted.has(c.id)) kept.set(c.id, c); else c.remove();
		});
		var at = old.firstChild;
		Array.from(fresh.childNodes).forEach(function (c) {
			var match = c.id ? kept.get(c.id) : alike(at, c) ? at : null;
			if (match && alike(match, c)) {
				if (match === at) at = at.nextSibling; else old.insertBefore(match, at);
				morph(match, c);
				return;
			}
			var added = document.importNode(c, true);
			if (added.nodeName === "TR" && added.id) added.classList.add("new");
			old.insertBefore(added, at);
			restore(added);
		});
		while (at) {
			var next = at.nextSibling;
			at.remove();
			at = next;
		}
	}

	// show puts the answer in place. If the focused element is gone, the focus
	// goes to the heading of its section and is not lost.
	function show(text) {
		var fresh = new DOMParser().parseFromString(text, "text/html").getElementById("live");
		if (!fresh) throw new Error("not the inspector's answer");
		var focused = document.activeElement;
		var section = live.contains(focused) ? focused.closest("section") : null;
		morph(live, fresh);
		if (section && document.activeElement !== focused) {
			var target = focused.isConnected ? focused : section.querySelector("h2");
			if (target) target.focus({preventScroll: true});
		}
		document.title = live.dataset.title;
	}

	function clock(t) { return t.toTimeString().slice(0, 8); }

	function update() {
		clearTimeout(timer);
		if (busy || document.hidden || pause.getAttribute("aria-pressed") === "true") return;
		busy = true;
		fetch("?part=live", {cache: "no-store", credentials: "same-origin"}).then(function (r) {
			if (!r.ok) throw new Error("status " + r.status);
			return r.text();
		}).then(function (text) {
			show(text);
			last = new Date();
			failures = 0;
			lost.hidden = true;
			document.body.classList.remove("stale");
			pulse.textContent = "As of " + clock(last);
		}).catch(function () {
			if (++failures === 2) {
				lost.textContent = "No answer. This is how things were at " + clock(last) + ".";
				lost.hidden = false;
				document.body.classList.add("stale");
			}
		}).then(function () {
			busy = false;
			var every = Number(live.dataset.every) || 1000;
			timer = setTimeout(update, failures ? Math.min(10000, 500 * failures) : every);
		});
	}

	pause.hidden = false;
	pause.addEventListener("click", function () {
		var paused = pause.getAttribute("aria-pressed") !== "true";
		pause.setAttribute("aria-pressed", String(paused));
		if (!paused) update();
	});
	document.addEventListener("visibilitychange", update);
	restore(live);
	update();
})();
`
