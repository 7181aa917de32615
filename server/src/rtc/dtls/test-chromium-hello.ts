/**
 * The first flight of Chromium 156 as it came over the wire: one ClientHello in two datagrams, since it
 * offers a post-quantum key share too. No secret is in it.
 */
export const CHROMIUM_CLIENT_HELLO: readonly Uint8Array[] = [
  [
    "Fv7/AAAAAAAAAAAEowEABYUAAAAAAAAEl/793l9lC8jcSk0BGpdhvT3mo/aIn7QS1pVPoweN9uhTDS4AAAAcEwETAh",
    "MDwCvAL8ypzKjACcATwArAFACcAC8ANQEABT8AMwTqBOgR7ATAs6KIyxclIRcWAqGxUTSie7AldjCZhog75go3a7IQ",
    "E0bHKZG/poQwJHjPmPINfnFCg/jAubc2LmE82nV3+vSq2US5W8JOVRVBXvAihYE0uYhT43xod2tIUHDGXaWEh3Bran",
    "RMGEcYJhuvl0p/XFdU/CmVZbFf1QiHepqFXidc5LoONwEJdKZLKHmS+rnFJsoSR6OBCWBxO6N3n+dGI5e0tQY5lmIn",
    "WVHAWFxXWnRFKOxkSmx3c4rE3DQDOSoQ/ktKNSQroiKHrldzEGXF30ISPNuNhHMZoaULfIqYhOcp92jNOuYsl5B93w",
    "CHBNo8ATw6Z6hjhHjEHVht1rpzOdcbg1NZRTFAvavPiuGReChZhVdhqBu/xvkBbvRZuuV1x6rO4ya4DhgY4qJgzRYQ",
    "IUKVNEc7/Gh5u4AZe5BPo3NYWdurzsE7i8V1dLcFOfGIvSU5RUskvZY3NzxApAs4PDlZids4pWy8VrKRybJyOOdKLo",
    "LDeUMC/awdb1dMACEb2rrOzaprmBexxCGIQKdX3Pdm7aBpU3hO3qSXZJlyZUk8upCPabDCziYu93dex9t8UlIycCJ7",
    "XOqRyrcFUNhwWwcid0IrrYNRQxRqdqI6KEdTiuNtfUu+BZF/QegJXLPCXkJfqGYEiYUaxbIy6tiIiJXCH0ld/LLOCd",
    "xCFgSjW1O+wnM/EflZ8PU5L1ly6TewCaQ1KxR73skqf/qicgORvEiNHVKVFqmhK4KqGaa/vQPM2XLJXpFMAEMaIlNj",
    "S9M16jiFykumGqBuwyoc8rs2CRCCWoFGDOak6YoXEOV+aMDGUFWpe9pZnUWetGqhtTgtYMxEhPPLu3c2OIGVDPpfit",
    "OxsSdxvNBnaNnBYekoniQNq6kpCshUFnCS0tqWDOKzeYeU5Hdwf+BKfzwbzKCvBlYd7sKAqSu5ifjLa6MKgCA985de",
    "BRI2XbivcqUgQ0x0bquc5ro1FPsT0axK6/nBkQMqrtp9aLZPi0rEXCGTWni5cnScx1WLq0y3ppB++1orL6rOjJh1ev",
    "U07noa2ywz97pOa6QIapdvJKGQnMm5lGuMQxPFSbIMwfxDRHqecRUtsMasxCpI8MgHTUpXk9KWi2wcnSZ/ZhMb8ekR",
    "/BlyQnXC0AIyKyCRs5kBcjc/vVMI+4F9GezLcsgBOFCuLaNRORY302FwvIVpDTgDLzu67IQkwZBK8Pl7GjImy8hQPp",
    "oZbiwSegwuvgFiFHit3yrKMVGjrJpOJLCNimorg7RlQgXB8SVspKJS9WRJ6KZzDVEqtBMOHUbC+pJmn1BrwGmMwbpF",
    "FyJfnYQnTmqUQ+XPSmSlJ/gBoWmZZYFpzjHJQkubqRhxkbzIlOqRAYNm4NxhArJCJxdTyLQvlzilu2VDgrk+8tpBaW",
    "mHVhfCujrKWgmtB3m4XiOLIdkSbXm0W0ucoXuzNBwp/PEVMrzKxNyDqEOiGEEZPwbBOzND",
  ].join(""),
  [
    "Fv7/AAAAAAAAAAEA+gEABYUAAAAElwAA7qJFDtMzT0W4vURElcfJLPvwJU7Zm+6GHtuXnPx5OnzTYIBnuu3TMEE5d7",
    "NDFrWrim+5pSjqf9KUO8lxHf9LSgBb1jHS5X0EEB6AM2SjDW1dwisZQ0idvu+LLLMX4Elhjim00qEBWAthipvDMkcT",
    "SoBOhdhVNEhGVgcAHQAgPeibxdpukMI6jQUrgvTnBE66FCJzEv2Fnd2a2MOpDWwACwACAQAAFwAAAC0AAgEBAA0AFA",
    "ASBAMIBAQBBQMIBQUBCAYGAQIBACsABQT+/P79AAoACgAIEewAHQAXABj/AQABAAAOAAkABgABAAgABwA=",
  ].join(""),
].map((text) => Uint8Array.from(Buffer.from(text, "base64")));
