// gRPC C++ over a Unix socket: a server process with the synchronous API, and a client that keeps DEPTH calls going by
// its completion queue, with a blocking stub at depth 1.
//
//   rpc_grpc BODY ROUNDS DEPTH
//
// Prints as rpc_client does.
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "echo.grpc.pb.h"

namespace {

constexpr int kWarmUp = 500;

class EchoService final : public bench::Echo::Service {
    grpc::Status Call(grpc::ServerContext *, const bench::Body *in, bench::Body *out) override {
        out->set_data(in->data());
        return grpc::Status::OK;
    }
};

double Cpu(int who) {
    rusage u;
    getrusage(who, &u);
    return double(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + double(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

double Now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int Serve(const std::string &address, int ready, int stop) {
    EchoService service;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    builder.RegisterService(&service);
    auto server = builder.BuildAndStart();
    char byte = 1;
    if (!server || write(ready, &byte, 1) != 1 || read(stop, &byte, 1) < 0) return 1;
    server->Shutdown();
    return 0;
}

struct Pending {
    grpc::ClientContext context;
    bench::Body answer;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<bench::Body>> reader;
};

bool Round(bench::Echo::Stub &stub, const bench::Body &body, int depth) {
    if (depth == 1) {
        grpc::ClientContext context;
        bench::Body answer;
        return stub.Call(&context, body, &answer).ok();
    }
    grpc::CompletionQueue queue;
    std::vector<Pending> calls(depth);
    for (auto &call : calls) {
        call.reader = stub.AsyncCall(&call.context, body, &queue);
        call.reader->Finish(&call.answer, &call.status, &call);
    }
    bool fine = true, ok;
    void *tag;
    for (int i = 0; i < depth && queue.Next(&tag, &ok); i++) fine &= ok && static_cast<Pending *>(tag)->status.ok();
    queue.Shutdown();
    while (queue.Next(&tag, &ok)) {}
    return fine;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc < 4) return std::fputs("rpc_grpc BODY ROUNDS DEPTH\n", stderr), 2;
    int size = std::atoi(argv[1]), rounds = std::atoi(argv[2]), depth = std::atoi(argv[3]), ready[2], stop[2];
    std::string folder = std::filesystem::temp_directory_path() / "rpc-XXXXXX";
    if (!mkdtemp(folder.data()) || pipe(ready) || pipe(stop)) return std::perror("rpc_grpc"), 1;
    std::string address = "unix:" + folder + "/s";
    pid_t child = fork();
    if (child == 0) {
        close(stop[1]);
        _exit(Serve(address, ready[1], stop[0]));
    }
    char byte;
    if (read(ready[0], &byte, 1) != 1) return 1;
    auto stub = bench::Echo::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    bench::Body body;
    body.set_data(std::string(size, 'x'));
    std::vector<double> took;
    double begin = 0;
    for (int round = -kWarmUp; round < rounds; round++) {
        if (round == 0) begin = Now();
        double start = Now();
        if (!Round(*stub, body, depth)) return std::fputs("rpc_grpc: a call failed\n", stderr), 1;
        if (round >= 0) took.push_back(Now() - start);
    }
    double wall = Now() - begin, calls = double(rounds) * depth, served = calls + double(kWarmUp) * depth;
    close(stop[0]);
    close(stop[1]);
    waitpid(child, nullptr, 0);
    std::filesystem::remove_all(folder);
    std::sort(took.begin(), took.end());
    std::printf(
        "%-24s depth %2d: p50 %7.1f us  p99 %7.1f us  %8.0f calls/s  CPU %6.2f us a call (server %.2f)\n", "gRPC C++",
        depth, took[rounds / 2] * 1e6, took[size_t(rounds * 0.99)] * 1e6, calls / wall,
        (Cpu(RUSAGE_SELF) + Cpu(RUSAGE_CHILDREN)) / served * 1e6, Cpu(RUSAGE_CHILDREN) / served * 1e6);
}
