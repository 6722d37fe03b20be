using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows.Protocols;

/// <summary>Hellos, answers and certificates of DTLS conversations. Its methods give true when there is no more to come.</summary>
internal sealed class DtlsFlowReader(ConversationTable conversations, Openings openings, IFlowEvents events, EngineCounters counters)
{
    public bool Begin(int index, bool forward, long time, ReadOnlySpan<byte> datagram)
    {
        DtlsOpening opening = new();
        DtlsReader reader = forward ? opening.Forward : opening.Backward;
        if (reader.Push(datagram) == ParseStatus.Malformed)
        {
            counters.BrokenMessages++;
            return ++conversations[index].Forward.Strange > 8;
        }

        openings.Add(index, opening);
        return Tell(index, opening, forward, time);
    }

    public bool Read(int index, DtlsOpening opening, bool forward, long time, ReadOnlySpan<byte> datagram)
    {
        DtlsReader reader = forward ? opening.Forward : opening.Backward;
        bool over = reader.Push(datagram) == ParseStatus.Done && Tell(index, opening, forward, time);
        if (over)
        {
            openings.Remove(index);
        }
        else
        {
            openings.Recount(index, opening);
        }

        return over;
    }

    private bool Tell(int index, DtlsOpening opening, bool forward, long time)
    {
        HandshakeMessages messages = (forward ? opening.Forward : opening.Backward).Messages;
        int told = forward ? opening.ForwardHellos : opening.BackwardHellos;
        for (; told < messages.ClientHellos.Count; told++)
        {
            conversations.LearnRoles(index, speakerBegan: forward);
            opening.Hello = messages.ClientHellos[told];
            counters.ClientHellos++;
            events.ClientHello(conversations.At(index, forward, time), HelloTransport.Dtls, 0, opening.Hello);
        }

        (forward, opening.ForwardHellos, opening.BackwardHellos) = forward ? (forward, told, opening.BackwardHellos) : (forward, opening.ForwardHellos, told);
        bool over = false;
        for (; opening.Answers < messages.ServerHellos.Count; opening.Answers++)
        {
            ServerHello answer = messages.ServerHellos[opening.Answers];
            TlsResumption resumption = TlsReader.ResumptionOf(opening.Hello, answer);
            counters.TlsSessions++;
            events.TlsSession(conversations.At(index, !forward, time), HelloTransport.Dtls, opening.Hello, answer, resumption);
            over |= resumption != TlsResumption.None || (answer.Version == 0xFEFC && !answer.IsHelloRetryRequest);
        }

        if (messages.Certificates is { } chain && messages.ServerHellos.Count > 0 && !opening.ChainTold)
        {
            opening.ChainTold = over = true;
            counters.CertificateChains++;
            events.Certificates(conversations.At(index, forward, time), chain, opening.Hello?.ServerName);
        }

        return over;
    }
}
