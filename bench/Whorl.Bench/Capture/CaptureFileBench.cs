using System.Diagnostics;
using Whorl.Fingerprints.Http;
using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Tcp;
using Whorl.Fingerprints.Tls;
using Whorl.Sources.Capture;
using Whorl.Sources.Capture.Flows;
using Whorl.Sources.Capture.Inputs;

namespace Whorl.Bench.Capture;

/// <summary>
/// A capture file through reader and engine, with every fingerprint computed and none written down: packets and bytes a
/// second, allocation and memory. What a sensor can do at most on one core.
/// </summary>
internal static class CaptureFileBench
{
    public static void Report(string path)
    {
        const string SignatureFile = "/etc/p0f/p0f.fp";
        P0fSignatures? signatures = File.Exists(SignatureFile) ? P0fSignatures.Parse(File.ReadAllText(SignatureFile)) : null;
        Fingerprinting events = new();
        FlowEngine engine = new(new FlowLimits(), signatures, events);
        using CaptureFile file = CaptureFile.Open(path);
        long before = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        while (file.TryRead(out CapturedFrame frame) == FrameRead.Frame)
        {
            engine.Take(frame);
        }

        EngineCounters counters = engine.Counters();
        engine.Finish();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Console.WriteLine($"{counters.Frames / seconds / 1e6:F3} M packets/s, {counters.Bytes / seconds / 1e6:F0} MB/s, {seconds:F2} s, {counters.ClientHellos / seconds:F0} hellos/s");
        Console.WriteLine($"{allocated / (double)counters.Frames:F1} B/packet allocated, {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:F0} MB peak, {GC.CollectionCount(0)} collections, {events.Told} told, {events.Sum}");
        Console.WriteLine(counters);
    }

    private sealed class Fingerprinting : IFlowEvents
    {
        private readonly char[] _text = new char[64];

        public long Told { get; private set; }

        public long Sum { get; private set; }

        public void TcpSyn(in Sighting at, in StackSighting stack) => Stack(stack);

        public void TcpSynAck(in Sighting at, in StackSighting stack) => Stack(stack);

        public void ClientHello(in Sighting at, HelloTransport transport, uint quicVersion, ClientHello hello)
        {
            Told++;
            _ = Ja3.TryWriteHash(hello, _text);
            Sum += _text[0] + Ja4.Value(hello, transport == HelloTransport.Quic ? Ja4Transport.Quic : Ja4Transport.Tcp).Length;
        }

        public void TlsSession(in Sighting at, HelloTransport transport, ClientHello? hello, ServerHello answer, TlsResumption resumption)
        {
            Told++;
            Sum += Ja3S.Hash(answer).Length;
        }

        public void Certificates(in Sighting at, CertificateChain chain, string? serverName) => Told++;

        public void SshBanner(in Sighting at, bool fromServer, SshBanner banner) => Told++;

        public void SshKex(in Sighting at, bool fromServer, KexInit kex, string? banner)
        {
            Told++;
            Sum += (fromServer ? HasshServer.Hash(kex) : Hassh.Hash(kex)).Length;
        }

        public void HttpRequest(in Sighting at, Http1Head head, ReadOnlySpan<byte> bytes)
        {
            Told++;
            Sum += head.HeaderOrderHash().Length;
        }

        public void FlowEnd(in Sighting at, in FlowSummary flow)
        {
            Told++;
            Sum += flow.ForwardPackets;
        }

        public void LinkLocal(in Sighting at, in LinkLocalSighting neighbour) => Told++;

        public void Icmp(in Sighting at, in IcmpSighting message) => Told++;

        private void Stack(in StackSighting stack)
        {
            Told++;
            Sum += stack.Stack.Signature.Length;
        }
    }
}
