using System.Net;
using System.Net.NetworkInformation;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Sources.Decoys;

/// <summary>Has this machine the addresses of the fleet?</summary>
internal sealed class DecoysDoctor(IOptions<DecoysOptions> options) : IDoctorCheck
{
    private const string Name = "decoys: addresses";

    public Task<DoctorFinding> CheckAsync(CancellationToken cancel)
    {
        IPAddress[] wanted = [.. options.Value.Fleet.SelectMany(decoy => decoy.Parsed()).Distinct()];
        if (wanted.Length == 0)
        {
            // Nobody asked for decoys, so nothing is amiss.
            return Task.FromResult(new DoctorFinding(Name, true, "no decoys: Decoys:Fleet is empty", null));
        }

        HashSet<IPAddress> own = [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(link => link.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address)];
        IPAddress[] absent = [.. wanted.Where(address => !own.Contains(address) && !IPAddress.IsLoopback(address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))];
        return Task.FromResult(absent.Length == 0
            ? new DoctorFinding(Name, true, $"{wanted.Length} addresses are there", null)
            : new DoctorFinding(Name, false, $"this machine does not have {string.Join(", ", absent.Take(5).Select(address => address.ToString()))}: decoys there wait for it", "ip link add … type macvlan, ip address add … (docs/operate/decoys.md)"));
    }
}
