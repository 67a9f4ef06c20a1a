//! Counts the frames of a WebSocket's one direction (RFC 6455, section 5.2).

/// Frames seen in a stream of bytes, without their content.
#[derive(Default)]
pub struct Frames {
    /// Bytes of the HTTP head or a frame's head that are not complete yet.
    pending: Vec<u8>,
    /// Bytes of the frame's payload still to come.
    payload: usize,
    in_head: bool,
}

impl Frames {
    /// The stream begins with the head of the HTTP answer.
    pub fn after_head() -> Self {
        Self {
            in_head: true,
            ..Self::default()
        }
    }

    /// How many frames begin in these bytes.
    pub fn read(&mut self, bytes: &[u8]) -> usize {
        let skipped = self.payload.min(bytes.len());
        self.payload -= skipped;
        self.pending.extend_from_slice(&bytes[skipped..]);
        if self.in_head {
            let Some(end) = find(&self.pending, b"\r\n\r\n") else {
                return 0;
            };
            self.pending.drain(..end + 4);
            self.in_head = false;
        }
        let mut frames = 0;
        while let Some((head, payload)) = frame(&self.pending) {
            frames += 1;
            let here = (head + payload).min(self.pending.len());
            self.payload = head + payload - here;
            self.pending.drain(..here);
        }
        frames
    }
}

/// The lengths of a frame's head and payload, once the head is complete.
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    let second = *bytes.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (head, payload) = match second & 0x7f {
        126 => (4, be(bytes.get(2..4)?)),
        127 => (10, be(bytes.get(2..10)?)),
        short => (2, usize::from(short)),
    };
    (bytes.len() >= head + mask).then_some((head + mask, payload))
}

fn be(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

/// Where `needle` begins.
pub fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_however_the_bytes_are_cut() {
        let mut stream = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
        stream.extend([0x81, 3, b'a', b'b', b'c']);
        stream.extend([0x81, 126, 1, 0]);
        stream.extend([0; 256]);
        stream.extend([0x89, 0x80, 1, 2, 3, 4]);
        for size in [1, 2, 7, 1000] {
            let mut frames = Frames::after_head();
            let seen: usize = stream.chunks(size).map(|chunk| frames.read(chunk)).sum();
            assert_eq!(seen, 3, "in chunks of {size}");
        }
    }
}
