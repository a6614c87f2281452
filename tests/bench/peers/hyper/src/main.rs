//! hyper 0.14 on one thread: `hyper-peer hello`, `hyper-peer tower` (hello behind six layers of Tower), or
//! `hyper-peer body FOLDER` (what cairn_body serves).

mod body;
mod stack;

use std::convert::Infallible;
use std::net::TcpListener;

use hyper::service::{make_service_fn, service_fn, Service};
use hyper::{Body, Request, Response, Server};
use tokio::signal::unix::{signal, SignalKind};

type Error = Box<dyn std::error::Error + Send + Sync>;

async fn hello(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::builder().header("content-type", "text/plain; charset=utf-8").body(Body::from("Hello, World!")).unwrap())
}

/// Every connection gets a clone of SERVICE.
async fn serve<S>(service: S) -> Result<(), hyper::Error>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Error: Into<Error>,
    S::Future: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    eprintln!("listening on http://{}", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    let make = make_service_fn(move |_| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(service) }
    });
    let mut term = signal(SignalKind::terminate()).unwrap();
    let server = Server::from_tcp(listener)?.tcp_nodelay(true).http1_pipeline_flush(true).serve(make);
    tokio::select! {
        result = server => result,
        _ = term.recv() => Ok(()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("hello") => serve(service_fn(hello)).await.unwrap(),
        Some("tower") => serve(stack::around(service_fn(hello))).await.unwrap(),
        Some("body") => {
            let folder: &'static str = Box::leak(args[2].clone().into_boxed_str());
            let zeros = body::zeros();
            serve(service_fn(move |request| body::answer(request, folder, zeros))).await.unwrap()
        }
        _ => eprintln!("hyper-peer hello | tower | body FOLDER"),
    }
}
