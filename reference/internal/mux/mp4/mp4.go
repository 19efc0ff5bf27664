// Package mp4 reads and writes MP4 files (ISO/IEC 14496-12) of H.264 and AAC-LC. It copies coded media and never looks at pictures or sound.
// The same samples give the same bytes.
//
//   - [Open] and [Parse] read files that anybody may have made, in one piece or in fragments.
//   - [Write] writes a file put together from samples of others, with the head in front.
//   - [Writer] writes a file that grows: media data first, and at the end the head that goes in front of it. [OpenFile] reads both as one.
package mp4
