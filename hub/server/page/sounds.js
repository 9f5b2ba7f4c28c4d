// Sound as every server can read it: what a browser decodes, written as WAV; and the microphone, where there is one.

const RATE = 16000;

export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder && window.AudioContext);

/** A sound of any form that this browser knows, as mono WAV with 16 bits at 16 kHz. */
export async function asWav(blob) {
  const context = new OfflineAudioContext(1, 1, RATE);
  const decoded = await context.decodeAudioData(await blob.arrayBuffer());
  const mixed = new OfflineAudioContext(1, Math.max(1, Math.ceil(decoded.duration * RATE)), RATE);
  const source = mixed.createBufferSource();
  source.buffer = decoded;
  source.connect(mixed.destination);
  source.start();
  return wav((await mixed.startRendering()).getChannelData(0));
}

function wav(samples) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (place, letters) => [...letters].forEach((letter, at) => view.setUint8(place + at, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, at) => view.setInt16(44 + 2 * at, Math.max(-1, Math.min(1, sample)) * 32767, true));
  return new Blob([view], { type: "audio/wav" });
}

/** Begin to record; what comes back ends it and gives the sound. */
export async function record() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream), pieces = [];
  recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
  const ended = new Promise((resolve) => recorder.addEventListener("stop", resolve));
  recorder.start();
  return async () => {
    recorder.stop();
    await ended;
    stream.getTracks().forEach((track) => track.stop());
    return asWav(new Blob(pieces, { type: recorder.mimeType })).catch(() => { throw new Error("Nothing was recorded. Speak for a moment before you stop."); });
  };
}
