using System.Net;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Sources.Decoys;
using Whorl.Sources.Decoys.Personas;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Stores.Objects;
using Whorl.Tests.Support;

namespace Whorl.Tests.Decoys;

/// <summary>Conversations without a network: what is said is there from the beginning, what is answered is swallowed, and all of it happens on the thread that asks.</summary>
internal sealed class DecoyTalk : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestMeters _meters = new();
    private readonly TimeProvider _clock;

    public DecoyTalk(TimeProvider? clock = null)
    {
        _clock = clock ?? new EagerClock();
        IOptions<NodeOptions> node = Options.Create(new NodeOptions { Name = "test", Data = _folder.Path });
        IOptions<DecoysOptions> decoys = Options.Create(new DecoysOptions());
        ObjectStore objects = new(Options.Create(new ObjectOptions()), node, _clock);
        Teller = new(new Nowhere(), node, decoys, new SecretKeeper(decoys, node), objects, new DecoysMetrics(_meters), _clock);
        Certificates = new(node, _clock);
        Services = new(Certificates);
    }

    public Teller Teller { get; }

    public CertificateMaker Certificates { get; }

    public ServiceTable Services { get; }

    public static DecoyPlace Place(string service)
    {
        Persona persona = TestDecoy.Read($"name: test\nservices:\n  - {service}\n");
        return new("decoy", persona, persona.Services[0], new IPEndPoint(IPAddress.Loopback, 1));
    }

    /// <param name="piece">How many bytes come at once.</param>
    public DecoySession Session(DecoyPlace place, byte[] said, int piece = int.MaxValue) => Session(place, new SaidStream(said, piece));

    public DecoySession Session(DecoyPlace place, Stream stream)
    {
        SessionReport report = new(Teller, place, new(PeerAddress.From(IPAddress.Loopback), 1, PeerAddress.From(IPAddress.Loopback), 2));
        return new(stream, report, Teller.Limits, _clock, CancellationToken.None);
    }

    public void Dispose()
    {
        _meters.Dispose();
        _folder.Dispose();
    }

    private sealed class Nowhere : IObservationSink
    {
        public bool TryPublish(Observation observation) => true;

        public bool TryPublish(ObservationBatch batch) => true;
    }

    /// <summary>Says its bytes, then ends; swallows what is answered.</summary>
    private sealed class SaidStream(byte[] bytes, int piece) : Stream
    {
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int take = Math.Min(Math.Min(buffer.Length, piece), bytes.Length - _at);
            bytes.AsSpan(_at, take).CopyTo(buffer);
            _at += take;
            return take;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

        public override void Write(byte[] buffer, int offset, int count)
        {
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    /// <summary>Short waits are over at once, long ones never: pauses pass, deadlines do not strike.</summary>
    private sealed class EagerClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timer timer = new(callback, state, dueTime < TimeSpan.FromSeconds(1) ? dueTime : Timeout.InfiniteTimeSpan);
            if (dueTime >= TimeSpan.Zero && dueTime < TimeSpan.FromSeconds(1))
            {
                timer.Fire();
            }

            return timer;
        }

        private sealed class Timer(TimerCallback callback, object? state, TimeSpan due) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => due >= Timeout.InfiniteTimeSpan;

            public void Fire() => ThreadPool.UnsafeQueueUserWorkItem(_ => callback(state), null);

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
