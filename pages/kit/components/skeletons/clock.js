// The playhead in frames, moved by the time that has passed, and what the screen made of it.
const SCREEN_MS = 1000 / 60;
const LONGEST_S = 0.25;

// A frame in words: its moment, or its number where what is played is counted and not timed.
function momentIn({ counted, frames, fps }, frame) {
  return counted ? `${counted} ${Math.round(frame) + 1} of ${frames}` : `${(frame / fps).toFixed(2)} s`;
}

class Clock {
  constructor(frames, fps) {
    this.frame = 0;
    this.playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.speed = 1;
    this.loop = true;
    this.drawn = 0;
    this.dropped = 0;
    this.before = null;
    this.fit(frames, fps);
  }

  // Other clips under the same playhead.
  fit(frames, fps) {
    this.last = frames - 1;
    this.fps = fps;
    this.frame = Math.min(this.frame, this.last);
    if (this.last <= 0) this.playing = false;
  }

  play() {
    if (this.last <= 0) return;
    if (this.frame >= this.last) this.frame = 0;
    this.playing = true;
    this.before = null;
  }

  pause() {
    this.playing = false;
    this.frame = Math.round(this.frame);
    this.before = null;
  }

  go(frame) {
    this.frame = Math.min(this.last, Math.max(0, frame));
  }

  // One picture of the screen at `now` in ms; after a rest, time begins anew.
  advance(now) {
    const passed = this.before === null ? 0 : (now - this.before) / 1000;
    this.drawn += 1;
    if (this.before !== null) this.dropped += Math.max(0, Math.round((now - this.before) / SCREEN_MS) - 1);
    this.before = now;
    let frame = this.frame + Math.min(passed, LONGEST_S) * this.fps * this.speed;
    if (frame >= this.last) {
      if (this.loop) frame %= this.last;
      else {
        frame = this.last;
        this.playing = false;
        this.before = null;
      }
    }
    this.frame = frame;
  }
}
