using Whorl.Fingerprints.Tcp;
using Whorl.Sources.Capture;
using Whorl.Sources.Capture.Flows;
using Whorl.Sources.Capture.Inputs;

namespace Whorl.Tests.Capture.Flows;

/// <summary>From the files to the events.</summary>
public sealed class CaptureSuiteTests : CaptureSuite
{
    private static readonly Lazy<P0fSignatures?> Signatures = new(static () => File.Exists(SignatureFile) ? P0fSignatures.Parse(File.ReadAllText(SignatureFile)) : null);

    protected override IEnumerable<string> Read(string path)
    {
        ToldEvents events = new(Signatures.Value);
        FlowEngine engine = new(new FlowLimits(), Signatures.Value, events);
        using CaptureFile file = CaptureFile.Open(path);
        while (file.TryRead(out CapturedFrame frame) == FrameRead.Frame)
        {
            engine.Take(frame);
        }

        engine.Finish();
        return events.Lines;
    }
}
