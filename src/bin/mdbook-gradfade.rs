fn main() -> std::process::ExitCode {
    gradfade::cli::mdbook()
}
