using Whorl.Fingerprints.Quic;
using Whorl.Fingerprints.Tls;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows.Protocols;

/// <summary>The opening of a QUIC or DTLS conversation.</summary>
internal abstract class Opening
{
    /// <summary>Bytes it holds.</summary>
    public abstract int HeldBytes { get; }

    /// <summary>Bytes it was last counted with.</summary>
    public int Counted { get; set; }

    /// <summary>The last hello told.</summary>
    public ClientHello? Hello { get; set; }
}

internal sealed class QuicOpening : Opening
{
    public QuicHandshake Handshake { get; } = new();

    public bool ClientIsInitiator { get; init; }

    /// <summary>The list that <see cref="ClientTold"/> counts in.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>>? ClientMessages { get; set; }

    public int ClientTold { get; set; }

    public int ServerTold { get; set; }

    public override int HeldBytes => Handshake.HeldBytes;
}

internal sealed class DtlsOpening : Opening
{
    public DtlsReader Forward { get; } = new();

    public DtlsReader Backward { get; } = new();

    public override int HeldBytes => Forward.HeldBytes + Backward.HeldBytes;

    public int ForwardHellos { get; set; }

    public int BackwardHellos { get; set; }

    public int Answers { get; set; }

    public bool ChainTold { get; set; }
}

/// <summary>Which conversations have an opening under way: bounded by number and by bytes, the quietest goes first.</summary>
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
        int held = opening.HeldBytes;
        Bytes += held - opening.Counted;
        opening.Counted = held;
        Streams.StreamKey key = new(index);
        int place = _openings.Find(key, key.Hash());
        if (place >= 0)
        {
            _openings.Move(place, 0);
        }

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
        conversations[index].Memory = null;
    }

    private void Evict()
    {
        counters.OpeningsEvicted++;
        int index = _openings.KeyAt(_openings.Oldest(0)).Number;
        conversations[index].Forward.Protocol = Streams.StreamProtocol.Over;
        Remove(index);
    }
}
