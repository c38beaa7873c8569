/**
 * Features that are newer than the oldest supported browsers and used all the same: each with the reason why the older ones
 * do without it. `npm run check` complains of an exception that nothing needs any more.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const EXCEPTIONS = {
  "api.CanvasRenderingContext2D.imageSmoothingQuality": "a wish: Firefox scales as it always does",
  "api.GPUError.message": "only ends a sentence of an error",
  "api.PointerEvent.getCoalescedEvents": "asked for with ?., and one point an event is enough",
  "api.StorageManager.estimate": "asked for with ?., and a browser that does not tell has room until it says no",
  "api.FileSystemFileHandle.createWritable": "older Safari writes files in a worker",
  "api.FileSystemWritableFileStream.write": "older Safari writes files in a worker",
  "api.Document.freeze_event": "only heard where it is told; elsewhere the page is hidden or left first",
  "api.HTMLVideoElement.playsInline": "only iOS would play a video in full screen; elsewhere it is no more than a word",
  "api.GPUAdapter.info": "may be undefined: the adapter then has no name",
  "api.GPUAdapterInfo.isFallbackAdapter": "may be undefined: a software adapter is also known by its name",
  "api.GPUAdapterInfo.subgroupMaxSize": "may be undefined: kernels do without subgroups then",
  "api.GPUAdapterInfo.subgroupMinSize": "may be undefined: kernels do without subgroups then",
  "api.GPUDevice.adapterInfo": "may be undefined: a device of the page's own then has no name",
  "api.VideoFrame.displayHeight": "only read of a frame that the caller has",
  "api.VideoFrame.displayWidth": "only read of a frame that the caller has",
  "api.Worker.messageerror_event": "only heard where it is told",
  "css.at-rules.font-face.size-adjust": "lines may break anew when the page's font has come",
  "css.properties.text-wrap": "lines break as they always did",
  "css.properties.text-wrap.balance": "lines break as they always did",
  "css.properties.text-wrap.pretty": "lines break as they always did",
  "css.properties.user-select": "Safari knows it as -webkit-user-select, which stands beside it",
  "css.properties.text-size-adjust": "turns off what only phones' browsers do",
  "css.properties.grid-template-columns.subgrid": "captions then stand at their own heights",
};

/** Names of the platform of which the compatibility data say nothing, since they are as old as what they belong to. */
export const SILENT = [
  /^api\.(StorageEstimate|MediaTrackSettings|ReadableStreamReadValueResult|ReadableStreamReadDoneResult)\./,
  /^api\.(GPUBufferUsage|GPUMapMode|GPUShaderStage|GPUTextureUsage|GPUColorWrite)\b/,
  /^api\.(FileSystem(Directory|File)Handle\.kind|LockManagerSnapshot\.|LockInfo\.)/,
  /^api\.(Option|Image)$/,
  /^html\.elements\.input\.value$/,
  /^css\.types\.(format|local)$/,
];
