//! One direction of a connection, each byte late by the same time.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::{sleep_until, Instant};

/// Chunks on their way: far more than a delay of a second can hold.
const CHUNKS_MAX: usize = 1_024;
const CHUNK: usize = 64 * 1024;

/// Carries bytes until either side closes. Nothing is sent on before
/// `established` and the way.
pub async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    established: Instant,
    one_way: Duration,
    mut tap: impl FnMut(&[u8]),
) {
    let (sender, mut chunks) = mpsc::channel::<(Instant, Vec<u8>)>(CHUNKS_MAX);
    let read = async move {
        let mut buffer = vec![0; CHUNK];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let bytes = buffer[..length].to_vec();
            tap(&bytes);
            let arrives = Instant::now().max(established) + one_way;
            if sender.send((arrives, bytes)).await.is_err() {
                return;
            }
        }
    };
    let write = async move {
        while let Some((arrives, bytes)) = chunks.recv().await {
            if !one_way.is_zero() {
                sleep_until(arrives).await;
            }
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        // The other side may be gone already.
        let _ = to.shutdown().await;
    };
    tokio::join!(read, write);
}
