//! The requests in a stream of HTTP/2 (RFC 9113), by their path: gRPC calls.

use loona_hpack::Decoder;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEAD: usize = 9;
const HEADERS: u8 = 0x1;
const CONTINUATION: u8 = 0x9;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// Reads what a client sends.
#[derive(Default)]
pub struct Http2 {
    pending: Vec<u8>,
    greeted: bool,
    /// A header block that goes on in the next frame.
    block: Vec<u8>,
    headers: Decoder<'static>,
}

impl Http2 {
    /// The paths of the requests whose headers end in these bytes.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<String> {
        self.pending.extend_from_slice(bytes);
        if !self.greeted && self.pending.len() >= PREFACE.len() {
            self.pending.drain(..PREFACE.len());
            self.greeted = true;
        }
        let mut paths = Vec::new();
        while let Some(end) = self.frame_end() {
            let frame: Vec<u8> = self.pending.drain(..end).collect();
            paths.extend(self.frame(frame[3], frame[4], &frame[FRAME_HEAD..]));
        }
        paths
    }

    fn frame_end(&self) -> Option<usize> {
        let head = self.pending.get(..FRAME_HEAD).filter(|_| self.greeted)?;
        let length = head[..3]
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let end = FRAME_HEAD + length;
        (self.pending.len() >= end).then_some(end)
    }

    fn frame(&mut self, kind: u8, flags: u8, payload: &[u8]) -> Option<String> {
        match kind {
            HEADERS => self.block = header_block(flags, payload)?.to_vec(),
            CONTINUATION => self.block.extend_from_slice(payload),
            _ => return None,
        }
        if flags & END_HEADERS == 0 {
            return None;
        }
        let block = std::mem::take(&mut self.block);
        let Ok(headers) = self.headers.decode(&block) else {
            return Some("a call that cannot be read".to_owned());
        };
        let path = headers.iter().find(|(name, _)| name.as_slice() == b":path");
        path.map(|(_, path)| String::from_utf8_lossy(path).into_owned())
    }
}

/// The payload of HEADERS without padding and priority.
fn header_block(flags: u8, payload: &[u8]) -> Option<&[u8]> {
    let (mut begin, mut end) = (0, payload.len());
    if flags & PADDED != 0 {
        begin = 1;
        end = end.checked_sub(usize::from(*payload.first()?))?;
    }
    if flags & PRIORITY != 0 {
        begin += 5;
    }
    payload.get(begin..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = payload.len() as u32;
        let mut frame = length.to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags, 0, 0, 0, 1]);
        frame.extend(payload);
        frame
    }

    /// `:path` as a literal with an indexed name, which enters the table as the
    /// newest entry: 62.
    fn literal(path: &str) -> Vec<u8> {
        let mut block = vec![0x44, path.len() as u8];
        block.extend(path.as_bytes());
        block
    }

    #[test]
    fn calls_are_named_by_their_path_also_from_the_table() {
        let mut stream = PREFACE.to_vec();
        stream.extend(frame(4, 0, &[]));
        stream.extend(frame(HEADERS, END_HEADERS, &literal("/a.B/C")));
        stream.extend(frame(0, 1, b"data"));
        stream.extend(frame(HEADERS, END_HEADERS, &[0x80 | 62]));
        let (begin, rest) = ([0x44], literal("/d.E/F")[1..].to_vec());
        stream.extend(frame(HEADERS, 0, &begin));
        stream.extend(frame(CONTINUATION, END_HEADERS, &rest));
        for size in [1, 5, 1000] {
            let mut http = Http2::default();
            let paths: Vec<_> = stream.chunks(size).flat_map(|c| http.read(c)).collect();
            assert_eq!(paths, ["/a.B/C", "/a.B/C", "/d.E/F"], "in chunks of {size}");
        }
    }
}
