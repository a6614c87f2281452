//! Large bodies and a large JSON answer, as cairn_body.c has them.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use hyper::body::HttpBody;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::{Body, Request, Response};
use serde::Serialize;
use tokio::fs::File;
use tokio_util::io::ReaderStream;

const MOST_BYTES: usize = 1 << 30;
const CHUNK_BYTES: usize = 65536;
const RECORDS: u32 = 800;

/// Never written to, so it takes no memory.
pub fn zeros() -> &'static [u8] {
    Box::leak(vec![0u8; MOST_BYTES].into_boxed_slice())
}

#[derive(Serialize)]
struct Record {
    id: u32,
    name: String,
    email: String,
    active: bool,
    score: f64,
}

fn json() -> Vec<u8> {
    let records: Vec<Record> = (0..RECORDS)
        .map(|i| Record {
            id: i,
            name: format!("User {}", i),
            email: format!("user-{}@example.com", i),
            active: i % 2 == 1,
            score: f64::from(i) / 2.0,
        })
        .collect();
    serde_json::to_vec(&records).unwrap()
}

fn chunks(zeros: &'static [u8], length: usize) -> Body {
    Body::wrap_stream(stream::iter(
        zeros[..length].chunks(CHUNK_BYTES).map(|chunk| Ok::<_, Infallible>(Bytes::from_static(chunk))),
    ))
}

fn octets(body: Body, length: u64) -> Response<Body> {
    Response::builder()
        .header(CONTENT_TYPE, "application/octet-stream")
        .header(CONTENT_LENGTH, length)
        .body(body)
        .unwrap()
}

async fn file(folder: &str, name: &str) -> std::io::Result<Response<Body>> {
    let file = File::open(format!("{}/{}", folder, name)).await?;
    let length = file.metadata().await?.len();
    Ok(octets(Body::wrap_stream(ReaderStream::with_capacity(file, CHUNK_BYTES)), length))
}

pub async fn answer(
    request: Request<Body>,
    folder: &'static str,
    zeros: &'static [u8],
) -> Result<Response<Body>, crate::Error> {
    let path = request.uri().path().to_owned();
    let mut parts = path.splitn(3, '/').skip(1);
    let (what, name) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let length = name.parse::<usize>().unwrap_or(0).min(MOST_BYTES);
    match what {
        "bytes" => Ok(octets(Body::from(Bytes::from_static(&zeros[..length])), length as u64)),
        "stream" => Ok(octets(chunks(zeros, length), length as u64)),
        "file" => Ok(file(folder, name).await?),
        "json" => Ok(Response::builder().header(CONTENT_TYPE, "application/json").body(Body::from(json()))?),
        _ => {
            let mut body = request.into_body();
            while let Some(chunk) = body.data().await {
                drop(chunk?);
            }
            Ok(Response::new(Body::from("taken")))
        }
    }
}
