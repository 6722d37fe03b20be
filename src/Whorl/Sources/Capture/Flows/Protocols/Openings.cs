using Whorl.Fingerprints.Quic;
using Whorl.Fingerprints.Tls;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows.Protocols;

/// <summary>What has to be remembered of a conversation's opening until it is over.</summary>
internal abstract class Opening
{
    /// <summary>The objects around the bytes, about.</summary>
    protected const int Overhead = 1024;

    /// <summary>Bytes it holds.</summary>
    public abstract int HeldBytes { get; }

    /// <summary>Bytes it was last counted with.</summary>
    public int Counted { get; set; }

    /// <summary>The last hello told.</summary>
    public ClientHello? Hello { get; set; }
}

/// <summary>TLS over TCP: the hello waits for its answer and for the certificates, or the answer for the hello.</summary>
internal sealed class TlsOpening : Opening
{
    /// <summary>An answer that came before its hello was whole.</summary>
    public ServerHello? Early { get; set; }

    public override int HeldBytes => Overhead + (2 * (Hello?.MessageLength ?? 0)) + (Early?.Message.Length ?? 0);
}

/// <summary>SSH: the banners wait for the key exchanges.</summary>
internal sealed class SshOpening : Opening
{
    public string? Forward { get; set; }

    public string? Backward { get; set; }

    public override int HeldBytes => Overhead + (2 * ((Forward?.Length ?? 0) + (Backward?.Length ?? 0)));
}

internal sealed class QuicOpening : Opening
{
    public QuicHandshake Handshake { get; } = new();

    public bool ClientIsInitiator { get; init; }

    /// <summary>The list that <see cref="ClientTold"/> counts in.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>>? ClientMessages { get; set; }

    public int ClientTold { get; set; }

    public int ServerTold { get; set; }

    public override int HeldBytes => Overhead + Handshake.HeldBytes;
}

internal sealed class DtlsOpening : Opening
{
    public DtlsReader Forward { get; } = new();

    public DtlsReader Backward { get; } = new();

    public override int HeldBytes => Overhead + Forward.HeldBytes + Backward.HeldBytes;

    public int ForwardHellos { get; set; }

    public int BackwardHellos { get; set; }

    public int Answers { get; set; }

    public bool ChainTold { get; set; }
}

/// <summary>Which conversations have something of their opening to be remembered: bounded by number and by bytes, the quietest goes first.</summary>
internal sealed class Openings(FlowLimits limits, ConversationTable conversations, EngineCounters counters)
{
    private readonly LruTable<Streams.StreamKey, int> _openings = new(limits.MaxOpenings, 1);

    public int Count => _openings.Count;

    public int Bytes { get; private set; }

    public void Add(int index, Opening opening)
    {
        if (_openings.IsFull)
        {
            Evict();
        }

        Streams.StreamKey key = new(index);
        _ = _openings.Add(key, key.Hash(), 0);
        conversations[index].Memory = opening;
        Recount(index, opening);
    }

    /// <summary>Notes what an opening holds by now.</summary>
    public void Recount(int index, Opening opening)
    {
        Streams.StreamKey key = new(index);
        int place = _openings.Find(key, key.Hash());
        if (place < 0)
        {
            return;
        }

        int held = opening.HeldBytes;
        Bytes += held - opening.Counted;
        opening.Counted = held;
        _openings.Move(place, 0);
        while (Bytes > limits.OpeningBytes && _openings.Count > 1)
        {
            Evict();
        }
    }

    public void Remove(int index)
    {
        if (conversations[index].Memory is not Opening opening)
        {
            return;
        }

        Streams.StreamKey key = new(index);
        int place = _openings.Find(key, key.Hash());
        if (place >= 0)
        {
            _openings.Remove(place);
        }

        Bytes -= opening.Counted;
        opening.Counted = 0;
        conversations[index].Memory = null;
    }

    private void Evict()
    {
        counters.OpeningsEvicted++;
        int index = _openings.KeyAt(_openings.Oldest(0)).Number;
        if (conversations[index].Memory is QuicOpening or DtlsOpening)
        {
            conversations[index].Forward.Protocol = Streams.StreamProtocol.Over;
        }

        Remove(index);
    }
}
